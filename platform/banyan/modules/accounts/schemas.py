"""What forms and API bodies about accounts hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import marshmallow as ma
from marshmallow import ValidationError, validate, validates_schema

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import LANGUAGES, lazy, message
from banyan.modules.accounts import rules, strength

LANGUAGE_LABELS = ("简体中文", "繁體中文", "English")
REACHES = (("subtree", lazy("This organisation and those below")), ("self", lazy("This organisation alone")))
PHONE = validate.Regexp(r"\A(?:\+?[0-9][0-9 ()-]{4,22}[0-9])?\Z", error=message("This is not a phone number."))
NAME = {"label": lazy("Sign-in name"), "autocomplete": "username"}
_DISPLAY = {"label": lazy("Full name"), "autocomplete": "name", "help": lazy("As others read it.")}
_PHONE_LABEL = {"label": lazy("Phone"), "autocomplete": "tel", "widget": "tel"}


class Password(ma.fields.String):
    """A password exactly as it was typed. Its rules are the service's: they are all told at once."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(message("This text holds a broken character.")) from error
        if len(text) > rules.LONGEST_PASSWORD * 4:
            raise ValidationError(message("This is too long."))
        if self.required and not text:
            raise ValidationError(message("Missing data for required field."))
        return text


def password_field(label: Any, autocomplete: str, **more: Any) -> Password:
    """A field of a password that must be given."""
    metadata = {"label": label, "widget": "password", "autocomplete": autocomplete, **more}
    return Password(required=True, load_only=True, metadata=metadata)


class SignIn(Schema):
    """The sign-in page."""

    sign_in_name = Text(required=True, validate=validate.Length(max=200), metadata={**NAME, "wide": True})
    password = password_field(lazy("Password"), "current-password", wide=True)
    next = Text(load_default="", validate=validate.Length(max=2000), metadata={"widget": "hidden"})


class Code(Schema):
    """The first step of registering."""

    code = Text(
        required=True,
        validate=validate.Length(max=40),
        metadata={
            "label": lazy("Registration code"),
            "autocomplete": "one-time-code",
            "help": lazy("Eight characters; capitals, spaces and hyphens do not matter."),
            "wide": True,
        },
    )


class NewPassword(Schema):
    """A password typed twice.

    :ivar about: what is known of the account and must not be in it, beside what the form itself says.
    """

    about: tuple[str, ...] = ()

    password = password_field(
        lazy("New password"),
        "new-password",
        help=lazy("At least 10 characters, hard to guess: several words that have nothing to do with each other."),
    )
    repeated = password_field(lazy("New password, once more"), "new-password")

    def knowing(self, about: Iterable[str]) -> Self:
        """This schema, for an account of which ``about`` is known."""
        self.about = tuple(about)
        return self

    @validates_schema(skip_on_field_errors=False)
    def _good(self, data: dict[str, Any], **_options: Any) -> None:
        """All reasons at once; the service checks again, for those who do not come through a form."""
        problems: dict[str, list[Any]] = {}
        if "password" in data:
            typed = (str(data.get(key, "")) for key in ("sign_in_name", "display_name", "phone"))
            problems["password"] = list(strength.problems(data["password"], (*self.about, *typed)))
        if "password" in data and "repeated" in data and data["password"] != data["repeated"]:
            problems["repeated"] = [lazy("The two passwords are not the same.")]
        found = {field: reasons for field, reasons in problems.items() if reasons}
        if found:
            raise ValidationError(found)


class Registration(NewPassword):
    """The second step of registering."""

    code = Text(required=True, validate=validate.Length(max=40), metadata={"widget": "hidden"})
    sign_in_name = Text(
        required=True,
        validate=validate.Length(max=64),
        metadata={**NAME, "help": lazy("3 to 64 letters, digits or Chinese characters; capitals do not matter.")},
    )
    display_name = Text(required=True, validate=validate.Length(1, 50), metadata=_DISPLAY)
    phone = Text(load_default="", validate=PHONE, metadata=_PHONE_LABEL)

    class Meta(Schema.Meta):
        fields = ("code", "sign_in_name", "display_name", "password", "repeated", "phone")


class SetUp(NewPassword):
    """The second step where the account has been opened already: its password alone."""

    code = Text(required=True, validate=validate.Length(max=40), metadata={"widget": "hidden"})


class PasswordChange(NewPassword):
    """A new password in the place of the present one."""

    old_password = password_field(lazy("Present password"), "current-password", wide=True)

    class Meta(Schema.Meta):
        fields = ("old_password", "password", "repeated")


class AccountEdit(Schema):
    """What administrators edit; ``version`` is the one that was read."""

    display_name = Text(required=True, validate=validate.Length(1, 50), metadata=_DISPLAY)
    phone = Text(load_default="", validate=PHONE, metadata=_PHONE_LABEL)
    version = ma.fields.Integer(
        validate=validate.Range(0, 2**62), metadata={"widget": "hidden", "description": "As it was read; else 409."}
    )


class ProfileEdit(Schema):
    """What everybody edits of the own account."""

    display_name = Text(required=True, validate=validate.Length(1, 50), metadata=_DISPLAY)
    phone = Text(load_default="", validate=PHONE, metadata=_PHONE_LABEL)
    language = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(LANGUAGES, LANGUAGE_LABELS),
        metadata={
            "label": lazy("Language"),
            "placeholder": lazy("As the browser asks"),
            "description": "Null: as the browser asks.",
        },
    )


class CodeIssue(Schema):
    """A registration code to be issued for the organisation of the URL."""

    role = Text(
        load_default="org_admin",
        validate=validate.Length(1, 64),
        metadata={"label": lazy("Role"), "widget": "select", "description": "Key of a role that you may grant here."},
    )
    reach = ma.fields.String(
        load_default="subtree",
        validate=validate.OneOf([key for key, _label in REACHES]),
        metadata={"label": lazy("Reach"), "choices": REACHES, "widget": "select"},
    )
    note = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Note"), "help": lazy("For whom it is. Only administrators see it."), "wide": True},
    )


class HomeDetail(Schema):
    """The organisation that opened an account."""

    code = ma.fields.String()
    name = ma.fields.String()


class AccountDetail(Schema):
    """An account as the API shows it."""

    id = ma.fields.UUID()
    sign_in_name = ma.fields.String()
    display_name = ma.fields.String()
    phone = ma.fields.String()
    status = ma.fields.String(metadata={"description": "`active`, `suspended` or `frozen`."})
    home = ma.fields.Nested(HomeDetail)
    created_at = ma.fields.DateTime()
    last_sign_in_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class MeDetail(AccountDetail):
    """One's own account."""

    language = ma.fields.String(allow_none=True)


class HeldRole(Schema):
    """A role that an account holds."""

    id = ma.fields.UUID()
    role = ma.fields.String(metadata={"description": "Key of the role."})
    label = ma.fields.String()
    org_code = ma.fields.String()
    org_name = ma.fields.String()
    reach = ma.fields.String(metadata={"description": "`self` or `subtree`."})
    not_before = ma.fields.DateTime()
    not_after = ma.fields.DateTime(allow_none=True)


class HeldRoles(Schema):
    """All roles of an account; never more than fit on one page."""

    items = ma.fields.List(ma.fields.Nested(HeldRole))


class IssuedDetail(Schema):
    """A new registration code. The code is in this answer and nowhere else."""

    id = ma.fields.UUID()
    code = ma.fields.String()
    role = ma.fields.String()
    reach = ma.fields.String()
    note = ma.fields.String()
    expires_at = ma.fields.DateTime()
    register_at = ma.fields.URL(metadata={"description": "Where it is redeemed."})


class CodeDetail(Schema):
    """A registration code, without the code."""

    id = ma.fields.UUID()
    hint = ma.fields.String(metadata={"description": "Its last two characters."})
    role = ma.fields.String()
    reach = ma.fields.String()
    note = ma.fields.String()
    created_at = ma.fields.DateTime()
    expires_at = ma.fields.DateTime()
    used_at = ma.fields.DateTime(allow_none=True)
    withdrawn_at = ma.fields.DateTime(allow_none=True)
