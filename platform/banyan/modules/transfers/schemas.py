"""What forms and API bodies of transfers hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.approvals.schemas import Ids
from banyan.modules.transfers.rules import KINDS
from banyan.modules.transfers.services.batches import MOST

LONGEST = 500
_VERSION: dict[str, Any] = {"widget": "hidden", "description": "As it was read; else 409."}


class TransferAsked(Schema):
    """Where to, why and when."""

    to = Text(
        required=True,
        validate=validate.Length(2, 100),
        metadata={
            "label": lazy("To which organisation"),
            "widget": "search-select",
            "wide": True,
            "help": lazy("Type its name or initials and choose. For another tree, type the code that it gave you."),
            "description": "Code of the receiving organisation, of this tree or another one.",
        },
    )
    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(KINDS)),
        metadata={"label": lazy("Kind of transfer"), "widget": "radio", "choices": list(KINDS.items())},
    )
    effective_on = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("To move on"),
            "help": lazy("As soon as the receiving branch has accepted, if left empty."),
        },
    )
    reason = Text(
        load_default="",
        validate=validate.Length(max=LONGEST),
        metadata={
            "label": lazy("Reason"),
            "widget": "textarea",
            "help": lazy("The school, the employer or the unit. Both branches read it."),
        },
    )


class OwnTransfer(TransferAsked):
    """A member's own application."""

    member = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("From which organisation"),
            "widget": "select",
            "description": "Id of one of your own records, where you have several.",
        },
    )


class BranchTransfer(TransferAsked):
    """The sending branch asks for a member."""

    member = ma.fields.UUID(
        required=True, metadata={"label": lazy("Member"), "widget": "hidden", "description": "Id of the record."}
    )


class TransferCorrection(TransferAsked):
    """A returned transfer, corrected."""

    version = ma.fields.Integer(required=True, metadata=_VERSION)


class Together(TransferAsked):
    """What all members of a batch share."""

    title = Text(
        required=True,
        validate=validate.Length(1, 100),
        metadata={"label": lazy("Title of the batch"), "placeholder": lazy("Graduates of class 3, 2026"), "wide": True},
    )


class TransfersTogether(Together):
    """Several members to one organisation."""

    class Meta(Together.Meta):
        fields = ("title", "to", "kind", "effective_on", "reason", "members")

    members = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        validate=validate.Length(1, MOST),
        metadata={"label": lazy("Members"), "widget": "hidden", "description": "Ids of records."},
    )


class TogetherForm(Together):
    """The console's form of `TransfersTogether`."""

    class Meta(Together.Meta):
        fields = ("title", "to", "kind", "effective_on", "reason", "members")

    members = Ids(required=True, metadata={"label": lazy("Members"), "widget": "hidden"})


class DelayMake(Schema):
    """Why it takes longer."""

    text = Text(
        required=True,
        validate=validate.Length(2, LONGEST),
        metadata={
            "label": lazy("Why it takes longer"),
            "widget": "textarea",
            "help": lazy("The member and the other branch read it."),
            "wide": True,
        },
    )


class TransferNoteMake(Schema):
    """A word that goes with taking back."""

    note = Text(
        load_default="",
        validate=validate.Length(max=LONGEST),
        metadata={"label": lazy("Note"), "widget": "textarea", "wide": True},
    )


class DelayDetail(Schema):
    """What was said about a delay."""

    at = ma.fields.AwareDateTime()
    step = ma.fields.String(metadata={"description": "sending or receiving."})
    org_name = ma.fields.String()
    text = ma.fields.String()


class CrossingDetail(Schema):
    """A message between two trees, without what it says."""

    kind = ma.fields.String()
    direction = ma.fields.String(metadata={"description": "out or in."})
    at = ma.fields.AwareDateTime()
    done_at = ma.fields.AwareDateTime(allow_none=True)
    error = ma.fields.String(metadata={"description": "Why it could not be delivered, the last time it was tried."})


class TransferDetail(Schema):
    """A transfer as the API shows it."""

    id = ma.fields.UUID()
    version = ma.fields.Integer()
    number = ma.fields.String()
    direction = ma.fields.String()
    origin = ma.fields.String()
    kind = ma.fields.String()
    member_id = ma.fields.UUID(allow_none=True)
    name = ma.fields.String()
    from_name = ma.fields.String()
    to_name = ma.fields.String()
    away_code = ma.fields.String()
    reason = ma.fields.String()
    effective_on = ma.fields.Date(allow_none=True)
    state = ma.fields.String()
    opinion = ma.fields.String(metadata={"description": "The reason that was given last."})
    request_id = ma.fields.UUID(allow_none=True, metadata={"description": "Of the approval engine."})
    batch_id = ma.fields.UUID(allow_none=True)
    applied_at = ma.fields.AwareDateTime()
    closed_at = ma.fields.AwareDateTime(allow_none=True)
    moved_on = ma.fields.Date(allow_none=True)
    due_on = ma.fields.Date(allow_none=True, metadata={"description": "Until when the present step is decided."})
    overdue = ma.fields.Boolean()
    delays = ma.fields.List(ma.fields.Nested(DelayDetail))
    messages = ma.fields.List(ma.fields.Nested(CrossingDetail))


class TransfersDetail(Schema):
    """Some transfers."""

    items = ma.fields.List(ma.fields.Nested(TransferDetail))


class DestinationDetail(Schema):
    """An organisation that takes members: no more than its name and place."""

    code = ma.fields.String()
    name = ma.fields.String()
    above = ma.fields.List(ma.fields.String(), metadata={"description": "Names of those above it, the root first."})


class DestinationsDetail(Schema):
    """Some organisations that take members."""

    items = ma.fields.List(ma.fields.Nested(DestinationDetail))


class DestinationQuery(Schema):
    """A search for an organisation."""

    q = Text(required=True, validate=validate.Length(2, 100), metadata={"description": "A code, or a piece of a name."})


class TransferBatchDetail(Schema):
    """Transfers that belong together."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    org_name = ma.fields.String()
    created_at = ma.fields.AwareDateTime()
    states = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class TransferMonthDetail(Schema):
    """How many came and went in a month."""

    name = ma.fields.String(metadata={"description": "2026-02."})
    came = ma.fields.Integer()
    went = ma.fields.Integer()


class TransferMonthsDetail(Schema):
    """The last months, the latest first."""

    items = ma.fields.List(ma.fields.Nested(TransferMonthDetail))
