"""What forms and API bodies of external bodies and filings hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.externals.rules import KINDS, LONGEST_WAIT, OUTCOMES
from banyan.modules.tenancy.schemas import PHONE

_FILE_HELP = lazy("PDF, PNG, JPG or DOCX.")
_BY_ID = {"description": "Id of a file uploaded beforehand."}


def _phone(value: str) -> None:
    if value:
        PHONE(value)


class BodyDetails(Schema):
    """What can be edited of an external body."""

    name = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Name"), "wide": True})
    contact = Text(load_default="", validate=validate.Length(max=50), metadata={"label": lazy("Contact")})
    phone = Text(load_default="", validate=_phone, metadata={"label": lazy("Phone"), "autocomplete": "tel"})
    address = Text(
        load_default="", validate=validate.Length(max=200), metadata={"label": lazy("Postal address"), "wide": True}
    )
    since = ma.fields.Date(
        required=True, metadata={"label": lazy("Since"), "help": lazy("The first day on which it was responsible.")}
    )


class BodyKind(Schema):
    """Which of the external bodies it is, for ever."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(KINDS)),
        metadata={"label": lazy("Kind of body"), "widget": "radio", "choices": list(KINDS.items())},
    )


class BodyCreate(BodyDetails, BodyKind):
    """A new external body."""


class BodyUpdate(BodyDetails):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class BodyEnd(Schema):
    """The last day of an external body."""

    until = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class BodyDetail(Schema):
    """An external body as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    kind = ma.fields.String(metadata={"description": "sponsor, registration or party."})
    name = ma.fields.String()
    contact = ma.fields.String()
    phone = ma.fields.String()
    address = ma.fields.String()
    since = ma.fields.Date()
    until = ma.fields.Date(allow_none=True)
    version = ma.fields.Integer()


class FilingDetails(Schema):
    """A filing, but for its document."""

    body = ma.fields.UUID(required=True, metadata={"label": lazy("External body"), "widget": "select"})
    subject = Text(required=True, validate=validate.Length(2, 200), metadata={"label": lazy("Matter"), "wide": True})
    sent_on = ma.fields.Date(required=True, metadata={"label": lazy("Sent on")})
    reference = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Reference number"), "help": lazy("Number of the paper that went out.")},
    )
    due_days = ma.fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, LONGEST_WAIT),
        metadata={
            "label": lazy("Reply due within"),
            "help": lazy("Working days after it was sent; left empty, no reply is due."),
        },
    )
    corrects = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"widget": "hidden", "description": "The filing that was returned for correction."},
    )


class FilingCreate(FilingDetails):
    """A filing through the API."""

    document = ma.fields.UUID(load_default=None, allow_none=True, metadata=_BY_ID)


class FilingForm(FilingDetails):
    """A filing in the console, with its paper as an upload."""

    document = ma.fields.Raw(
        load_default=None, metadata={"label": lazy("Document"), "widget": "file", "help": _FILE_HELP}
    )


class ReplyDetails(Schema):
    """A reply, but for its document."""

    received_on = ma.fields.Date(required=True, metadata={"label": lazy("Received on")})
    outcome = Text(
        required=True,
        validate=validate.OneOf(tuple(OUTCOMES)),
        metadata={"label": lazy("Outcome"), "widget": "radio", "choices": list(OUTCOMES.items())},
    )
    reference = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Reference number"), "help": lazy("Number of the reply.")},
    )
    note = Text(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"label": lazy("Note"), "widget": "textarea", "multiline": True},
    )


class ReplyCreate(ReplyDetails):
    """A reply through the API."""

    document = ma.fields.UUID(load_default=None, allow_none=True, metadata=_BY_ID)


class ReplyForm(ReplyDetails):
    """A reply in the console, with a scan as an upload."""

    document = ma.fields.Raw(
        load_default=None, metadata={"label": lazy("Document"), "widget": "file", "help": _FILE_HELP}
    )


class ReplyDetail(Schema):
    """A reply as the API shows it."""

    id = ma.fields.UUID()
    received_on = ma.fields.Date()
    outcome = ma.fields.String()
    reference = ma.fields.String()
    note = ma.fields.String()
    document = ma.fields.UUID(allow_none=True)
    recorded_at = ma.fields.DateTime()


class FilingDetail(Schema):
    """A filing as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    body = ma.fields.Nested(BodyDetail)
    subject = ma.fields.String()
    sent_on = ma.fields.Date()
    reference = ma.fields.String()
    due_on = ma.fields.Date(allow_none=True)
    provisional = ma.fields.Boolean(metadata={"description": "Holidays on the way are not published yet."})
    state = ma.fields.String(metadata={"description": "waiting, overdue, acknowledged, returned or refused."})
    document = ma.fields.UUID(allow_none=True)
    corrects = ma.fields.UUID(allow_none=True)
    corrected_by = ma.fields.UUID(allow_none=True)
    late = ma.fields.Integer(metadata={"description": "Working days that the reply came too late."})
    reply = ma.fields.Nested(ReplyDetail, allow_none=True)
    version = ma.fields.Integer()


def body_choices(bodies: Any) -> list[tuple[str, Any, Any]]:
    """External bodies as the options of a select, by kind."""
    return [(str(body.id), body.name, KINDS[body.kind]) for body in bodies]
