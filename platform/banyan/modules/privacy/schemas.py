"""What forms and API bodies about personal data hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.i18n import lazy
from banyan.modules.privacy.rules import LONGEST_NOTE, REASONS, REGISTERS, RELATIONS, SHORTEST_NOTE
from banyan.modules.privacy.services.looks import FIELD_LABELS

_LONG = validate.Length(2, 4000)
_FILE = lazy("PDF, PNG, JPG or DOCX.")


class Moment(ma.fields.AwareDateTime):
    """An instant; typed without a zone it is meant in mainland China, as forms show it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=SHANGHAI, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def long_text(label: object, *, required: bool = True) -> Text:
    """A text of several lines."""
    metadata = {"label": label, "widget": "textarea", "multiline": True}
    if required:
        return Text(required=True, validate=_LONG, metadata=metadata)
    return Text(load_default="", validate=validate.Length(max=4000), metadata=metadata)


class RevealAsk(Schema):
    """What has to be seen in clear, and what for."""

    fields_ = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(tuple(FIELD_LABELS))),
        data_key="fields",
        attribute="fields",
        required=True,
        metadata={"label": lazy("What you have to see"), "widget": "checkboxes", "choices": list(FIELD_LABELS.items())},
    )
    reason = Text(
        required=True,
        validate=validate.OneOf(tuple(REASONS)),
        metadata={"label": lazy("What for"), "widget": "radio", "choices": list(REASONS.items())},
    )
    note = Text(
        required=True,
        validate=validate.Length(SHORTEST_NOTE, LONGEST_NOTE),
        metadata={
            "label": lazy("In your own words"),
            "wide": True,
            "help": lazy("The member can read this, and so can auditors."),
        },
    )


class ClearExport(RevealAsk):
    """An export with sensitive data in clear, through the API."""

    filters = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        load_default=dict,
        metadata={"description": "Values by filter of the list of members."},
    )
    sort = ma.fields.String(load_default="")


class RevealForm(RevealAsk):
    """The same in the console: the filters of the list are carried along."""

    filters = Text(load_default="", metadata={"widget": "hidden"})


class RevealAnswer(Schema):
    """Sensitive fields of a member in clear, for this answer alone."""

    member_id = ma.fields.UUID()
    values = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())


class ClearExportStarted(Schema):
    """A long task that was started."""

    task_id = ma.fields.UUID(attribute="id")
    state = ma.fields.String()


class ErasureAsk(Schema):
    """Why personal data is to be erased."""

    reason = Text(
        required=True,
        validate=validate.Length(2, 1000),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )


class DataRequestDetail(Schema):
    """A request about personal data as the API shows it."""

    id = ma.fields.UUID()
    kind = ma.fields.String(metadata={"description": "copy or erasure."})
    how = ma.fields.String(metadata={"description": "member, organisation or retention."})
    state = ma.fields.String()
    member_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    reason = ma.fields.String()
    opinion = ma.fields.String()
    request_id = ma.fields.UUID(allow_none=True)
    task_id = ma.fields.UUID(allow_none=True)
    failed = ma.fields.List(ma.fields.String())
    erased = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    kept = ma.fields.List(ma.fields.String())
    asked_at = ma.fields.DateTime()
    ended_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class LookDetail(Schema):
    """Somebody looked at sensitive data."""

    at = ma.fields.DateTime()
    account_name = ma.fields.String()
    how = ma.fields.String()
    fields_ = ma.fields.List(ma.fields.String(), data_key="fields", attribute="fields")
    reason = ma.fields.String()
    note = ma.fields.String()


class RecordIds(Schema):
    """Several records."""

    ids = ma.fields.List(ma.fields.UUID(), required=True, validate=validate.Length(1, 200))


class RetentionTold(Schema):
    """What became of one of several."""

    member_id = ma.fields.UUID()
    name = ma.fields.String()
    refused = ma.fields.List(ma.fields.String())


class RetentionResult(Schema):
    """What became of each."""

    results = ma.fields.List(ma.fields.Nested(RetentionTold))


class PrivacyNoticeWrite(Schema):
    """A privacy notice."""

    purpose = long_text(lazy("What the data is used for"))
    basis = long_text(lazy("Legal basis"))
    categories = long_text(lazy("Which data, and which of it is sensitive"))
    retention = long_text(lazy("How long it is kept"))
    contact = long_text(lazy("Whom to ask, and where to complain"))
    more = long_text(lazy("Further words"), required=False)


class PrivacyNoticeEdit(PrivacyNoticeWrite):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class PrivacyNoticeVersion(Schema):
    """The version that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class PrivacyNoticeDetail(Schema):
    """A privacy notice as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    number = ma.fields.Integer()
    purpose = ma.fields.String()
    basis = ma.fields.String()
    categories = ma.fields.String()
    retention = ma.fields.String()
    contact = ma.fields.String()
    more = ma.fields.String()
    published = ma.fields.Boolean()
    published_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class PrivacyNoticeList(Schema):
    """Versions, newest first."""

    items = ma.fields.List(ma.fields.Nested(PrivacyNoticeDetail))


class PrivacyConsentDetail(Schema):
    """A consent as the API shows it."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    number = ma.fields.Integer()
    given_at = ma.fields.DateTime()
    withdrawn_at = ma.fields.DateTime(allow_none=True)


class PrivacyConsentGive(Schema):
    """What is agreed to."""

    kind = ma.fields.String(required=True, validate=validate.OneOf(("notice", "sensitive")))


class GuardianWrite(Schema):
    """A guardian's consent, but for its paper."""

    name = Text(required=True, validate=validate.Length(1, 50), metadata={"label": lazy("Name of the guardian")})
    relation = Text(
        required=True,
        validate=validate.OneOf(tuple(RELATIONS)),
        metadata={"label": lazy("Relation"), "widget": "select", "choices": list(RELATIONS.items())},
    )
    phone = Text(
        load_default="", validate=validate.Length(max=30), metadata={"label": lazy("Phone"), "autocomplete": "off"}
    )
    consented_on = ma.fields.Date(required=True, metadata={"label": lazy("Day of the consent")})


class GuardianForm(GuardianWrite):
    """The same with the signed paper as an upload."""

    document = ma.fields.Raw(
        load_default=None, metadata={"label": lazy("Signed paper"), "widget": "file", "help": _FILE}
    )


class GuardianDetail(Schema):
    """A guardian as the API shows it; the phone is masked."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    relation = ma.fields.String()
    phone = ma.fields.String()
    consented_on = ma.fields.Date()
    withdrawn_at = ma.fields.DateTime(allow_none=True)


class RegisterEntryWrite(Schema):
    """What can be edited of an entry of a register."""

    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Title"), "wide": True})
    party = Text(
        required=True,
        validate=validate.Length(2, 100),
        metadata={"label": lazy("Who"), "help": lazy("Who handles the data, or who assessed.")},
    )
    purpose = long_text(lazy("Purpose"))
    categories = long_text(lazy("Categories of data"))
    measures = long_text(lazy("Measures"))
    since = ma.fields.Date(required=True, metadata={"label": lazy("Since, or day of the assessment")})
    until = ma.fields.Date(load_default=None, allow_none=True, metadata={"label": lazy("Until")})


class RegisterEntryCreate(RegisterEntryWrite):
    """A new entry."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(REGISTERS)),
        metadata={"label": lazy("Register"), "widget": "radio", "choices": list(REGISTERS.items())},
    )


class RegisterEntryForm(RegisterEntryCreate):
    """The same with its document as an upload."""

    document = ma.fields.Raw(load_default=None, metadata={"label": lazy("Document"), "widget": "file", "help": _FILE})


class RegisterEntryUpdate(RegisterEntryWrite):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class RegisterEntryDetail(Schema):
    """An entry as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    kind = ma.fields.String()
    title = ma.fields.String()
    party = ma.fields.String()
    purpose = ma.fields.String()
    categories = ma.fields.String()
    measures = ma.fields.String()
    since = ma.fields.Date()
    until = ma.fields.Date(allow_none=True)
    keep_until = ma.fields.Date()
    document = ma.fields.UUID(allow_none=True)
    version = ma.fields.Integer()


class BreachFollow(Schema):
    """What was done about a breach."""

    cause = long_text(lazy("Cause"), required=False)
    harm = long_text(lazy("What harm it may do"), required=False)
    measures = long_text(lazy("Measures taken"), required=False)
    authority_told_at = Moment(
        load_default=None, allow_none=True, metadata={"label": lazy("Authority told at"), "widget": "datetime-local"}
    )
    people_told_at = Moment(
        load_default=None, allow_none=True, metadata={"label": lazy("People told at"), "widget": "datetime-local"}
    )
    closed_at = Moment(
        load_default=None, allow_none=True, metadata={"label": lazy("Closed at"), "widget": "datetime-local"}
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class BreachCreate(Schema):
    """A new breach."""

    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Title"), "wide": True})
    what = long_text(lazy("What happened"))
    categories = long_text(lazy("Categories of data"))
    people = ma.fields.Integer(
        required=True,
        validate=validate.Range(0, 10_000_000_000),
        metadata={"label": lazy("Number of people concerned")},
    )
    cause = long_text(lazy("Cause"), required=False)
    harm = long_text(lazy("What harm it may do"), required=False)
    measures = long_text(lazy("Measures taken"), required=False)
    authority = Text(
        required=True,
        validate=validate.Length(2, 100),
        metadata={"label": lazy("Authority to be told"), "help": lazy("Within three days after it was found.")},
    )
    tell_people = ma.fields.Boolean(load_default=False, metadata={"label": lazy("Those concerned have to be told")})
    found_at = Moment(required=True, metadata={"label": lazy("Found at"), "widget": "datetime-local"})


class BreachDetail(Schema):
    """A breach as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    title = ma.fields.String()
    what = ma.fields.String()
    categories = ma.fields.String()
    people = ma.fields.Integer()
    cause = ma.fields.String()
    harm = ma.fields.String()
    measures = ma.fields.String()
    authority = ma.fields.String()
    tell_people = ma.fields.Boolean()
    found_at = ma.fields.DateTime()
    due_at = ma.fields.DateTime()
    authority_told_at = ma.fields.DateTime(allow_none=True)
    people_told_at = ma.fields.DateTime(allow_none=True)
    closed_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()
