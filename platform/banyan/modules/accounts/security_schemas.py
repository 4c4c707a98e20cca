"""What forms and API bodies about signing in hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.schemas import NAME, NewPassword, password_field

_CODE = {"autocomplete": "one-time-code", "wide": True}
NEXT = validate.Length(max=2000)


def _next() -> Text:
    return Text(load_default="", validate=NEXT, metadata={"widget": "hidden"})


class SecondStep(Schema):
    """The code after the password."""

    code = Text(
        required=True,
        validate=validate.Length(max=40),
        metadata={
            **_CODE,
            "label": lazy("Code of the app"),
            "help": lazy("Six digits of the authenticator app, or one of your recovery codes."),
        },
    )
    trust = ma.fields.Boolean(
        load_default=False, metadata={"label": lazy("Ask for no code in this browser for 30 days")}
    )
    next = _next()


class FactorCode(Schema):
    """The first code of a new second factor."""

    code = Text(
        required=True,
        validate=validate.Length(max=40),
        metadata={**_CODE, "label": lazy("Code of the app"), "help": lazy("The six digits that the app shows now.")},
    )


class Confirmation(Schema):
    """Proving again who one is."""

    password = password_field(lazy("Present password"), "current-password", wide=True)
    code = Text(
        load_default="",
        validate=validate.Length(max=40),
        metadata={
            **_CODE,
            "label": lazy("Code of the app"),
            "help": lazy("If you have a second factor: six digits of the app, or a recovery code."),
        },
    )
    next = _next()


class TheftReport(Schema):
    """Freezing an account without being signed in."""

    sign_in_name = Text(required=True, validate=validate.Length(max=200), metadata={**NAME, "wide": True})
    proof = password_field(
        lazy("Password or recovery code"),
        "current-password",
        wide=True,
        help=lazy("If somebody has changed your password: the one before, in a browser you have signed in with."),
    )


class Reset(NewPassword):
    """A new password with a one-time code."""

    sign_in_name = Text(required=True, validate=validate.Length(max=200), metadata={**NAME, "wide": True})
    code = Text(
        required=True,
        validate=validate.Length(max=40),
        metadata={**_CODE, "label": lazy("One-time code"), "help": lazy("Twelve characters from your administrator.")},
    )

    class Meta(Schema.Meta):
        fields = ("sign_in_name", "code", "password", "repeated")


class ResetIssue(Schema):
    """A one-time code to be issued."""

    second_factor = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Take the second factor away as well"),
            "help": lazy("Only when the phone is lost and so are the recovery codes."),
        },
    )


class Ids(Schema):
    """Several rows of a list."""

    ids = ma.fields.List(
        ma.fields.UUID(), required=True, validate=validate.Length(1, 200), metadata={"description": "At most 200."}
    )


class Done(Schema):
    """With how many of several it was done; the others were out of reach, one's own, or done already."""

    done = ma.fields.Integer()
    left = ma.fields.Integer()


class SessionDetail(Schema):
    """One of one's own sessions."""

    id = ma.fields.UUID()
    address = ma.fields.String()
    user_agent = ma.fields.String()
    created_at = ma.fields.DateTime()
    seen_at = ma.fields.DateTime()
    expires_at = ma.fields.DateTime()


class SessionList(Schema):
    """One's own sessions; never more than fit on one page."""

    items = ma.fields.List(ma.fields.Nested(SessionDetail))


class FactorState(Schema):
    """How one's own second factor stands. It is set up and removed in the console, where one proves who one is."""

    on = ma.fields.Boolean()
    since = ma.fields.DateTime(allow_none=True)
    codes_left = ma.fields.Integer(metadata={"description": "Recovery codes that have not been used."})


class ResetDetail(Schema):
    """A new one-time code. It is in this answer and nowhere else."""

    code = ma.fields.String()
    expires_at = ma.fields.DateTime()
    redeem_at = ma.fields.URL(metadata={"description": "Where it is redeemed."})


class CheckupCounts(Schema):
    """How many accounts each kind of finding is about."""

    all = ma.fields.Integer(metadata={"description": "Active accounts of the organisation and those below."})
    stale = ma.fields.Integer()
    weak = ma.fields.Integer()
    old = ma.fields.Integer()
    no_factor = ma.fields.Integer()
    shared = ma.fields.Integer()
    orphan = ma.fields.Integer()
