"""What members fill in about themselves, and what the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.approvals.schemas import RequestDetail
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.schemas import MemberCreate, PeriodDetail

LONGEST = 500
_VERSION: dict[str, Any] = {"widget": "hidden", "description": "As it was read; else 409."}
_INPUTS: dict[str, ma.fields.Field[Any]] = MemberCreate().fields


def _reason(**metadata: Any) -> Text:
    shown = {"label": lazy("Why"), "widget": "textarea", "help": lazy("The branch reads it."), **metadata}
    return Text(required=True, validate=validate.Length(max=LONGEST), metadata=shown)


def _like(field: str, **metadata: Any) -> Text | ma.fields.Date:
    """The input of a field as the branch has it, without what is said to the branch alone."""
    source = _INPUTS[field]
    kept = {key: source.metadata[key] for key in ("label", "widget", "choices", "wide") if key in source.metadata}
    shown = {**kept, **metadata}
    if isinstance(source, ma.fields.Date):
        return ma.fields.Date(load_default=None, allow_none=True, metadata=shown)
    return Text(load_default="", validate=deepcopy(list(source.validators)), metadata=shown)


class _Contact(Schema):
    """What takes effect at once. What is not named stays; an empty text empties it."""

    phone = Text(validate=validate.Length(max=30), metadata={"label": lazy("Phone"), "widget": "tel"})
    email = Text(validate=validate.Length(max=254), metadata={"label": lazy("E-mail"), "widget": "email"})
    address = Text(validate=validate.Length(max=200), metadata={"label": lazy("Postal address"), "wide": True})
    interests = Text(validate=validate.Length(max=200), metadata={"label": lazy("Interests"), "wide": True})
    version = ma.fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(0, 2**62), metadata=_VERSION
    )


class OwnContact(_Contact):
    """The API's body: with own fields that members fill in."""

    own_fields = ma.fields.Dict(
        data_key="fields",
        keys=ma.fields.String(validate=validate.Length(1, 60)),
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Own fields"), "description": "Fields that members fill in, value by key."},
    )


class OwnContactForm(_Contact):
    """The console's form: sensitive values left empty stay, unless they are ticked to be emptied."""

    interests = Text(
        load_default="", validate=validate.Length(max=200), metadata={"label": lazy("Interests"), "wide": True}
    )
    clear = ma.fields.List(
        Text(validate=validate.OneOf(("phone", "email", "address"))),
        load_default=list,
        metadata={
            "label": lazy("Empty these"),
            "widget": "checkboxes",
            "choices": [("phone", lazy("Phone")), ("email", lazy("E-mail")), ("address", lazy("Postal address"))],
        },
    )


def ask_schema(items: Sequence[str], now: Mapping[str, str]) -> Schema:
    """The form in which changes of ``items`` are asked for: each with its new value, the reason and a proof.

    :param now: item → what the record says, masked where sensitive.
    """
    found: dict[str, Any] = {}
    for item in items:
        group = {"group": rules.LABELS[item]}
        for field in rules.fields_of(item):
            said = {"help": lazy("Your record says: %(value)s", value=now.get(item) or "—")}
            found[field] = _like(field, **group, **(said if field == rules.fields_of(item)[-1] else {}))
        found[f"{item}_reason"] = _reason(**group)
        found[f"{item}_proof"] = ma.fields.Raw(
            load_default=None,
            metadata={
                **group,
                "label": lazy("Proof"),
                "widget": "file",
                "help": lazy("If you have one: a picture or PDF."),
            },
        )
    return Schema.from_dict(found, name="OwnAsk")()  # type: ignore[return-value]


def correct_schema(items: Sequence[str]) -> Schema:
    """The form in which a returned record is corrected: the fields that were objected to."""
    found: dict[str, Any] = {field: _like(field) for item in items for field in rules.fields_of(item)}
    found["version"] = ma.fields.Integer(load_default=None, allow_none=True, metadata=_VERSION)
    return Schema.from_dict(found, name="OwnCorrection")()  # type: ignore[return-value]


class ChangeValues(Schema):
    """New values of what is asked for; only those of the item are taken."""

    name = _like("name")
    gender = _like("gender")
    ethnicity = _like("ethnicity")
    birth_date = _like("birth_date")
    document_type = _like("document_type")
    document_number = _like("document_number")
    workplace = _like("workplace")
    occupation = _like("occupation")
    education = _like("education")
    political_status = _like("political_status")
    joined_on = _like("joined_on")
    joining_place = _like("joining_place")


class CorrectionValues(ChangeValues):
    """New values of what was objected to; what is not named stays."""

    phone = Text(validate=validate.Length(max=30))
    email = Text(validate=validate.Length(max=254))
    address = Text(validate=validate.Length(max=200))


class OwnCorrection(Schema):
    """Corrections of a returned record: the fields that were objected to, and no others."""

    values = ma.fields.Nested(CorrectionValues(partial=True), required=True)
    version = ma.fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(0, 2**62), metadata=_VERSION
    )


class ChangeWanted(Schema):
    """One item that is to be changed."""

    item = ma.fields.String(required=True, validate=validate.OneOf(tuple(rules.ASKED)))
    values = ma.fields.Nested(ChangeValues, required=True)
    reason = _reason()
    proof = ma.fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "A document uploaded to `proofs` before."}
    )


class ChangesAsk(Schema):
    """A request for changes of one's own record."""

    items = ma.fields.List(ma.fields.Nested(ChangeWanted), required=True, validate=validate.Length(1, len(rules.ASKED)))


class OwnFact(Schema):
    """A field of one's own record."""

    item = ma.fields.String()
    label = ma.fields.String()
    value = ma.fields.String(metadata={"description": "Masked where sensitive."})
    way = ma.fields.String(metadata={"description": "`at_once`, `ask`, or empty: the member cannot change it."})
    waiting = ma.fields.Boolean(metadata={"description": "A change was asked for and waits."})


class OwnReading(Schema):
    """A role whose holders may see the record."""

    organisation = ma.fields.String()
    role = ma.fields.String()
    people = ma.fields.Integer()
    own = ma.fields.Boolean(metadata={"description": "At the member's own organisation."})


class ChangeDetail(Schema):
    """A change of a record; sensitive values are masked."""

    id = ma.fields.UUID()
    item = ma.fields.String()
    label = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "`ask` or `check`."})
    state = ma.fields.String()
    old = ma.fields.String()
    new = ma.fields.String()
    now = ma.fields.String(metadata={"description": "What the record says now, where that is neither of the two."})
    reason = ma.fields.String()
    answer = ma.fields.String()
    asked_at = ma.fields.DateTime()
    due_on = ma.fields.Date()
    decided_at = ma.fields.DateTime(allow_none=True)
    request_id = ma.fields.UUID(allow_none=True)
    proof_id = ma.fields.UUID(allow_none=True)


class OwnObjection(Schema):
    """Why the branch returned the record."""

    item = ma.fields.String()
    reason = ma.fields.String()


class OwnRecordDetail(Schema):
    """One's own record."""

    objections = ma.fields.List(ma.fields.Nested(OwnObjection))

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    org_code = ma.fields.String()
    org_name = ma.fields.String()
    status = ma.fields.String()
    review = ma.fields.String()
    facts = ma.fields.List(ma.fields.Nested(OwnFact))
    periods = ma.fields.List(ma.fields.Nested(PeriodDetail))
    readers = ma.fields.List(ma.fields.Nested(OwnReading))
    revealers = ma.fields.List(ma.fields.Nested(OwnReading))
    changes = ma.fields.List(ma.fields.Nested(ChangeDetail))
    version = ma.fields.Integer()


class OwnRecordLine(Schema):
    """One of one's own records."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    org_code = ma.fields.String()
    org_name = ma.fields.String()
    name = ma.fields.String()
    status = ma.fields.String()
    review = ma.fields.String()


class OwnRecords(Schema):
    """One's own records; they are few, so there are no pages."""

    items = ma.fields.List(ma.fields.Nested(OwnRecordLine))


class ChangeRequestDetail(Schema):
    """A request for changes with its items and its course."""

    member_id = ma.fields.UUID()
    record_version = ma.fields.Integer(metadata={"description": "Of the record; goes with the answer."})
    items = ma.fields.List(ma.fields.Nested(ChangeDetail))
    request = ma.fields.Nested(RequestDetail)


class Withdrawal(Schema):
    """A word with what is taken back."""

    note = Text(
        load_default="",
        validate=validate.Length(max=LONGEST),
        metadata={"label": lazy("Note"), "widget": "textarea", "help": lazy("The branch reads it.")},
    )
    version = ma.fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(0, 2**62), metadata=_VERSION
    )


class ItemAnswer(Schema):
    """The answer to one item."""

    item = ma.fields.String(required=True, validate=validate.Length(1, 60))
    agreed = ma.fields.Boolean(required=True)
    reason = Text(
        load_default="", validate=validate.Length(max=LONGEST), metadata={"description": "Required to refuse."}
    )


class ChangesAnswer(Schema):
    """Answers to all items of a request."""

    answers = ma.fields.List(ma.fields.Nested(ItemAnswer), required=True, validate=validate.Length(1, 50))
    version = ma.fields.Integer(required=True, validate=validate.Range(0, 2**62), metadata=_VERSION)
    record_version = ma.fields.Integer(required=True, validate=validate.Range(0, 2**62), metadata=_VERSION)
    explanation = Text(load_default="", validate=validate.Length(max=2000))


ANSWERS = (("yes", lazy("Agree")), ("no", lazy("Do not agree")))


def _label(item: str) -> Any:
    return rules.LABELS[item]


def answer_schema(items: Sequence[str], *, late: bool) -> Schema:
    """The form of `ChangesAnswer`: for each item yes or no, and why not."""
    found: dict[str, Any] = {}
    for item in items:
        found[item] = ma.fields.String(
            required=True,
            validate=validate.OneOf([value for value, _label in ANSWERS]),
            metadata={"label": lazy("Answer about %(what)s", what=_label(item)), "widget": "radio", "choices": ANSWERS},
        )
        found[f"{item}_reason"] = Text(
            load_default="",
            validate=validate.Length(max=LONGEST),
            metadata={"label": lazy("Why not"), "help": lazy("Required where you do not agree. The member reads it.")},
        )
    if late:
        found["explanation"] = Text(
            load_default="",
            validate=validate.Length(max=2000),
            metadata={
                "label": lazy("Why it is decided late"),
                "widget": "textarea",
                "help": lazy("Kept in the history."),
            },
        )
    for name in ("version", "record_version"):
        found[name] = ma.fields.Integer(required=True, metadata=_VERSION)
    return Schema.from_dict(found, name="AnswerForm")()  # type: ignore[return-value]


class PutBack(Schema):
    """Why the old value is put back."""

    reason = Text(
        required=True,
        validate=validate.Length(max=LONGEST),
        metadata={"label": lazy("Why it is put back"), "widget": "textarea", "help": lazy("The member reads it.")},
    )


class Confirmations(Schema):
    """Changes that are right."""

    ids = ma.fields.List(ma.fields.UUID(), required=True, validate=validate.Length(1, 200))


class Confirmed(Schema):
    """What became of them."""

    confirmed = ma.fields.Integer()
    reasons = ma.fields.List(ma.fields.String(), metadata={"description": "Why others were not."})


class LevelCounts(Schema):
    """Open changes of one organisation with all below it."""

    code = ma.fields.String()
    name = ma.fields.String()
    asked = ma.fields.Integer()
    unchecked = ma.fields.Integer()
    overdue = ma.fields.Integer()


class Levels(Schema):
    """Open changes level by level: the organisation itself, then those directly below it that have any."""

    items = ma.fields.List(ma.fields.Nested(LevelCounts))
