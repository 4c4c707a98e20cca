"""What forms and API bodies of approvals hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.flows import DECISIONS, Act
from banyan.kernel.i18n import lazy, message

ACT_LABELS = (
    (Act.APPROVE.value, lazy("Approve")),
    (Act.RETURN.value, lazy("Return for correction")),
    (Act.REJECT.value, lazy("Reject")),
)
_DECISIONS = [act.value for act in DECISIONS]
_VERSION: dict[str, Any] = {"widget": "hidden", "description": "As it was read; else 409."}
LONGEST = 2000


def _words(label: Any, **metadata: Any) -> Text:
    shown = {"label": label, "widget": "textarea", **metadata}
    return Text(load_default="", validate=validate.Length(max=LONGEST), metadata=shown)


def _act() -> ma.fields.String:
    labels = {"label": lazy("Decision on the request"), "widget": "radio", "choices": ACT_LABELS}
    return ma.fields.String(required=True, validate=validate.OneOf(_DECISIONS), metadata=labels)


def _opinion() -> Text:
    return _words(lazy("Opinion"), help=lazy("Required to return or reject. Whoever asked will read it."))


def _version() -> ma.fields.Integer:
    return ma.fields.Integer(required=True, validate=validate.Range(0, 2**62), metadata=_VERSION)


class DecisionMake(Schema):
    """A decision about the present step of a request."""

    act = _act()
    opinion = _opinion()
    explanation = _words(lazy("Why it is decided late"), help=lazy("Kept in the history."))
    version = _version()


class RequestNote(Schema):
    """A word with what those who ask do."""

    note = _words(lazy("Note"), help=lazy("Those who decide will read it."))
    version = ma.fields.Integer(load_default=None, validate=validate.Range(0, 2**62), metadata=_VERSION)


class DecisionsMake(Schema):
    """The same decision about several requests, named by where they wait."""

    ids = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        validate=validate.Length(1, 200),
        metadata={"label": lazy("Requests"), "widget": "hidden", "description": "`id` of rows that wait."},
    )
    act = _act()
    opinion = _opinion()


class Ids(ma.fields.Field[list[UUID]]):
    """Identifiers in one hidden input, parted by spaces."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[UUID]:
        try:
            return [UUID(part) for part in str(value).split()]
        except ValueError as error:
            raise ma.ValidationError(message("This is not a valid identifier.")) from error


class DecideTogether(Schema):
    """The console's form of `DecisionsMake`."""

    ids = Ids(required=True, metadata={"label": lazy("Requests"), "widget": "hidden"})
    act = _act()
    opinion = _opinion()


class DelegationCreate(Schema):
    """A deputy at the organisation of the address."""

    deputy = Text(
        required=True,
        validate=validate.Length(3, 64),
        metadata={
            "label": lazy("Deputy"),
            "widget": "search-select",
            "help": lazy("Sign-in name of a colleague who works at this organisation."),
            "description": "Sign-in name.",
        },
    )
    start = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("First day"), "help": lazy("From now on, if left empty.")},
    )
    until = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    flows = ma.fields.List(
        Text(validate=validate.Length(1, 100)),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={
            "label": lazy("Only these kinds of requests"),
            "widget": "checkboxes",
            "help": lazy("Tick none for all kinds."),
            "description": "Names of flows; none for all.",
        },
    )
    note = Text(load_default="", validate=validate.Length(max=200), metadata={"label": lazy("Note"), "wide": True})


class DelegationDetail(Schema):
    """A delegation as the API shows it."""

    id = ma.fields.UUID()
    delegator_id = ma.fields.UUID()
    deputy_id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    flows = ma.fields.List(ma.fields.String())
    not_before = ma.fields.DateTime()
    not_after = ma.fields.DateTime()
    note = ma.fields.String()
    ended_at = ma.fields.DateTime(allow_none=True)


class RequestTrack(Schema):
    """A step of a request."""

    label = ma.fields.String()
    state = ma.fields.String(metadata={"description": "`done`, `current`, `stopped` or `ahead`."})
    place = ma.fields.String(metadata={"description": "Name of the organisation that decides or decided."})


class RequestDue(Schema):
    """Until when the present step is to be decided."""

    on = ma.fields.Date()
    left = ma.fields.Integer(metadata={"description": "Working days left."})
    late = ma.fields.Integer(metadata={"description": "Working days since."})
    overdue = ma.fields.Boolean()
    provisional = ma.fields.Boolean(metadata={"description": "Holidays on the way are not published yet."})


class RequestPiece(Schema):
    """The answer to one part of a request."""

    label = ma.fields.String()
    agreed = ma.fields.Boolean()
    reason = ma.fields.String()


class RequestLine(Schema):
    """A line of the history, newest first."""

    at = ma.fields.DateTime()
    act = ma.fields.String()
    who = ma.fields.String()
    behalf = ma.fields.String(metadata={"description": "For whom a deputy acted."})
    place = ma.fields.String()
    step = ma.fields.String()
    opinion = ma.fields.String()
    explanation = ma.fields.String()
    late = ma.fields.Boolean()
    pieces = ma.fields.List(
        ma.fields.Nested(RequestPiece), metadata={"description": "Where a request was answered part by part."}
    )


class RequestFile(Schema):
    """A file of a request."""

    file_id = ma.fields.UUID()
    name = ma.fields.String()
    media_type = ma.fields.String()
    size = ma.fields.Integer()


class RequestFact(Schema):
    """A label and its value."""

    label = ma.fields.String()
    value = ma.fields.String()


class RequestDetail(Schema):
    """A request as its reader sees it."""

    id = ma.fields.UUID()
    version = ma.fields.Integer()
    flow = ma.fields.String(metadata={"description": "What the flow is called."})
    title = ma.fields.String()
    state = ma.fields.String()
    partly = ma.fields.Boolean(metadata={"description": "Approved, but for some of its parts."})
    asking = ma.fields.String()
    asker = ma.fields.String()
    asked_at = ma.fields.DateTime()
    round = ma.fields.Integer()
    track = ma.fields.List(ma.fields.Nested(RequestTrack))
    deciding = ma.fields.List(ma.fields.String())
    due = ma.fields.Nested(RequestDue, allow_none=True)
    details = ma.fields.List(ma.fields.Nested(RequestFact))
    lines = ma.fields.List(ma.fields.Nested(RequestLine))
    files = ma.fields.List(ma.fields.Nested(RequestFile))
    acts = ma.fields.List(ma.fields.String(), metadata={"description": "What the reader may decide now."})
    behalf = ma.fields.String()
    own = ma.fields.Boolean(metadata={"description": "The reader may take it back."})
    note = ma.fields.String()


class ResultDetail(Schema):
    """What became of one of many."""

    desk_id = ma.fields.UUID()
    request_id = ma.fields.UUID(allow_none=True)
    title = ma.fields.String()
    decided = ma.fields.Boolean()
    reasons = ma.fields.List(ma.fields.String())


class ResultsDetail(Schema):
    """What became of many."""

    items = ma.fields.List(ma.fields.Nested(ResultDetail))
