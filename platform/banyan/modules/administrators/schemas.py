"""What forms and API bodies about applications hold."""

from __future__ import annotations

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.schemas import PHONE

_ORG, _PERSON = lazy("The organisation"), lazy("The new administrator")


class Application(Schema):
    """An application for an administrator account (ORG-02)."""

    person_in_charge = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={"label": lazy("Person in charge"), "group": _ORG, "help": lazy("Of the organisation that applies.")},
    )
    phone = Text(required=True, validate=PHONE, metadata={"label": lazy("Phone"), "autocomplete": "tel", "group": _ORG})
    administrator = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={"label": lazy("Full name"), "autocomplete": "name", "group": _PERSON},
    )
    administrator_phone = Text(
        required=True, validate=PHONE, metadata={"label": lazy("Mobile phone"), "autocomplete": "tel", "group": _PERSON}
    )
    sign_in_name = Text(
        required=True,
        validate=validate.Length(max=64),
        metadata={
            "label": lazy("Sign-in name"),
            "help": lazy("3 to 64 letters, digits or Chinese characters; capitals do not matter."),
            "group": _PERSON,
        },
    )
    replaces = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("In place of"),
            "widget": "select",
            "placeholder": lazy("Nobody: an additional administrator"),
            "help": lazy("On approval this account loses its roles at the organisation."),
            "group": _PERSON,
            "description": "Id of an account with a role at the organisation; its roles there end on approval.",
        },
    )
    reason = Text(
        load_default="",
        validate=validate.Length(max=300),
        metadata={"label": lazy("Reason"), "widget": "textarea", "group": _PERSON},
    )


class ApplicationEdit(Application):
    """A correction; ``version`` is the one that was read."""

    version = ma.fields.Integer(
        required=True,
        validate=validate.Range(0, 2**62),
        metadata={"widget": "hidden", "description": "As it was read."},
    )


class InvitedApplication(Application):
    """An application by somebody with an invitation."""

    code = Text(required=True, validate=validate.Length(max=40), metadata={"widget": "hidden"})


class KeyCode(Schema):
    """The door for people without an account."""

    code = Text(
        required=True,
        validate=validate.Length(max=40),
        metadata={
            "label": lazy("Invitation or receipt code"),
            "autocomplete": "one-time-code",
            "help": lazy("Capitals, spaces and hyphens do not matter."),
            "wide": True,
        },
    )


class Scan(Schema):
    """The sealed form, as the API takes it."""

    file = Upload(required=True)


class ScanForm(Schema):
    """The sealed form, as the console takes it."""

    scan = ma.fields.Raw(
        required=True,
        metadata={"label": lazy("Sealed form"), "widget": "file", "help": lazy("Scan or photo: PDF, PNG or JPG.")},
    )


class Invite(Schema):
    """An invitation for the organisation of the URL."""

    note = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Note"), "help": lazy("For whom it is. Only administrators see it."), "wide": True},
    )


class ApplicationDetail(Schema):
    """An application as the API shows it."""

    id = ma.fields.UUID()
    number = ma.fields.String()
    organisation = ma.fields.String(metadata={"description": "Code of the organisation that applies."})
    origin = ma.fields.String(metadata={"description": "`own`, `paper` or `invited`."})
    person_in_charge = ma.fields.String()
    phone = ma.fields.String()
    administrator = ma.fields.String()
    administrator_phone = ma.fields.String()
    sign_in_name = ma.fields.String()
    replaces = ma.fields.UUID(allow_none=True)
    reason = ma.fields.String()
    scan_id = ma.fields.UUID(allow_none=True)
    state = ma.fields.String(
        metadata={"description": "`draft`, `sent`, `returned`, `approved`, `rejected` or `withdrawn`."}
    )
    opinion = ma.fields.String(metadata={"description": "What the decider wrote last."})
    request_id = ma.fields.UUID(allow_none=True, metadata={"description": "Of the approval engine, once it was sent."})
    account_id = ma.fields.UUID(allow_none=True, metadata={"description": "What approval opened."})
    created_at = ma.fields.DateTime()
    sent_at = ma.fields.DateTime(allow_none=True)
    decided_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class ApplicationMade(ApplicationDetail):
    """A new application. The receipt code is in this answer and nowhere else."""

    receipt = ma.fields.String()


class ReceiptDetail(Schema):
    """A receipt code. It is in this answer and nowhere else."""

    receipt = ma.fields.String()
    follow_at = ma.fields.URL(metadata={"description": "Where it shows how the application stands."})


class InvitationMade(Schema):
    """A new invitation. The code is in this answer and nowhere else."""

    id = ma.fields.UUID()
    code = ma.fields.String()
    note = ma.fields.String()
    expires_at = ma.fields.DateTime()
    apply_at = ma.fields.URL(metadata={"description": "Where it is entered."})


class InvitationDetail(Schema):
    """An invitation, without the code."""

    id = ma.fields.UUID()
    hint = ma.fields.String(metadata={"description": "Its last two characters."})
    note = ma.fields.String()
    created_at = ma.fields.DateTime()
    expires_at = ma.fields.DateTime()
    used_at = ma.fields.DateTime(allow_none=True)
    withdrawn_at = ma.fields.DateTime(allow_none=True)
