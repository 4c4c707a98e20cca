"""What forms and API bodies of a member's file hold: entries, timeline, review."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.posts_schemas import BY_ID, FILE_HELP
from banyan.modules.people.rules import entries as rules
from banyan.modules.people.rules.review import REVIEWED

_REASON = {"label": lazy("Reason"), "widget": "textarea", "multiline": True}


class EntryDetails(Schema):
    """An entry, but for its document."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(rules.KINDS)),
        metadata={"label": lazy("Kind of entry"), "widget": "radio", "choices": list(rules.KINDS.items())},
    )
    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Title"), "wide": True})
    issued_by = Text(load_default="", validate=validate.Length(max=100), metadata={"label": lazy("Issued by")})
    number = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Number"), "help": lazy("Of the certificate or of the paper.")},
    )
    day = ma.fields.Date(required=True, metadata={"label": lazy("Day")})
    until = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Holds until"), "help": lazy("The last day; empty: for good.")},
    )
    note = Text(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={
            "label": lazy("Note"),
            "widget": "textarea",
            "multiline": True,
            "help": lazy("What a measure was for is sealed, and opened only for a reason that is written down."),
        },
    )


class EntryCreate(EntryDetails):
    """A new entry through the API."""

    document = ma.fields.UUID(load_default=None, allow_none=True, metadata=BY_ID)


class EntryForm(EntryDetails):
    """A new entry in the console, with its paper as an upload."""

    document = ma.fields.Raw(
        load_default=None, metadata={"label": lazy("Document"), "widget": "file", "help": FILE_HELP}
    )


class EntryWithdraw(Schema):
    """That an entry does not hold any more."""

    reason = Text(required=True, validate=validate.Length(2, 500), metadata=_REASON)
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class EntryReveal(Schema):
    """Why a sealed note is opened."""

    reason = Text(required=True, validate=validate.Length(2, 200), metadata={**_REASON, "widget": "text"})


class EntryRevealed(Schema):
    """An opened note; null where it cannot be read."""

    note = ma.fields.String(allow_none=True)


class EntryDetail(Schema):
    """An entry as the API shows it; what a measure was for stays sealed."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    member_id = ma.fields.UUID()
    kind = ma.fields.String(metadata={"description": "award, measure or certificate."})
    title = ma.fields.String()
    issued_by = ma.fields.String()
    number = ma.fields.String()
    day = ma.fields.Date()
    until = ma.fields.Date(allow_none=True)
    note = ma.fields.String()
    sealed = ma.fields.Function(lambda entry: entry.note_sealed is not None, metadata={"type": "boolean"})
    document = ma.fields.UUID(allow_none=True)
    withdrawn_at = ma.fields.DateTime(allow_none=True)
    withdrawn_reason = ma.fields.String()
    version = ma.fields.Integer()


class TimelineQuery(Schema):
    """Which part of a timeline."""

    kind = Text(load_default="", validate=validate.Length(max=100))
    page = ma.fields.Integer(load_default=1, validate=validate.Range(1, 20))


class TimelineRow(Schema):
    """Something in a person's life here."""

    day = ma.fields.Date()
    kind = ma.fields.String()
    title = ma.fields.String()
    detail = ma.fields.String()


class TimelinePage(Schema):
    """A page of a timeline, the latest first."""

    items = ma.fields.List(ma.fields.Nested(TimelineRow))
    kinds = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    page = ma.fields.Integer()
    more = ma.fields.Boolean()


class RecordRemarks(Schema):
    """What is said of a record."""

    remarks = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(REVIEWED)),
        values=ma.fields.String(validate=validate.Length(1, 200)),
        load_default=dict,
        metadata={"description": "Field → what is not in order with it; none: the record is accepted."},
    )
    note = Text(load_default="", validate=validate.Length(max=500))
    version = ma.fields.Integer(required=True)


class RecordResubmit(Schema):
    """Handing in again; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class RecordsAccept(Schema):
    """Records to be accepted."""

    ids = ma.fields.List(ma.fields.UUID(), required=True, validate=validate.Length(1, 200))


class RecordAccepted(Schema):
    """A record, and why it was not accepted."""

    id = ma.fields.UUID()
    accepted = ma.fields.Boolean()
    reasons = ma.fields.List(ma.fields.String())


class ReviewDetail(Schema):
    """A review as the API shows it."""

    id = ma.fields.UUID()
    member_id = ma.fields.UUID()
    outcome = ma.fields.String(metadata={"description": "accepted or returned."})
    remarks = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    note = ma.fields.String()
    reviewed_at = ma.fields.DateTime()


class ReviewDone(ReviewDetail):
    """The same, and the next record that waits for its review."""

    next_id = ma.fields.UUID(allow_none=True)


class ReviewedField(Schema):
    """A field of a record as it is reviewed: sensitive ones masked."""

    key = ma.fields.String()
    label = ma.fields.String()
    value = ma.fields.String()
    findings = ma.fields.List(ma.fields.String())
    remark = ma.fields.String()


class ReviewStanding(Schema):
    """How the review of a record stands."""

    review = ma.fields.String(metadata={"description": "pending, returned or accepted."})
    version = ma.fields.Integer()
    fields_ = ma.fields.List(ma.fields.Nested(ReviewedField), data_key="fields")
    against = ma.fields.List(ma.fields.String(), metadata={"description": "Why the reader cannot review it now."})


class ReviewState(Schema):
    """How the review of a record stands, in a word."""

    review = ma.fields.String(metadata={"description": "pending, returned or accepted."})
    version = ma.fields.Integer()
