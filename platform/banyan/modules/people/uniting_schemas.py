"""What forms and API bodies of putting two records together hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.services.comparing import COMPARED


class PersonsMerge(Schema):
    """Two records of one person, and what is to remain of each."""

    kept = ma.fields.UUID(required=True, metadata={"widget": "hidden", "description": "Id of the record that remains."})
    gone = ma.fields.UUID(required=True, metadata={"widget": "hidden", "description": "Id of the other one."})
    take = ma.fields.List(
        Text(validate=validate.OneOf(COMPARED)),
        load_default=None,
        allow_none=True,
        metadata={"description": "Fields whose values come from the other record; missing: those that are empty."},
    )
    account = Text(
        load_default="",
        validate=validate.OneOf(("", "kept", "gone")),
        metadata={"description": "Whose account stays where both have one; the other is suspended."},
    )
    keep_both = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Remain a member of both organisations, where that may be."},
    )
    reason = Text(
        required=True,
        validate=validate.Length(2, 500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )


class PersonsMergeConfirm(PersonsMerge):
    """The same, with the plan that was shown."""

    plan = Text(required=True, validate=validate.Length(1, 100))


class ComparedValue(Schema):
    """A field of both records: sensitive ones masked."""

    key = ma.fields.String()
    label = ma.fields.String()
    kept = ma.fields.String()
    gone = ma.fields.String()
    differs = ma.fields.Boolean()
    taken = ma.fields.Boolean(metadata={"description": "Whether the other record's value is taken."})


class HangingCount(Schema):
    """How much of one kind hangs on each of the two."""

    what = ma.fields.String()
    label = ma.fields.String()
    kept = ma.fields.Integer()
    gone = ma.fields.Integer()


class PersonsMergePreview(Schema):
    """What putting two records together would do."""

    plan = ma.fields.String(metadata={"description": "Named by the confirmation."})
    absorbed = ma.fields.Boolean(metadata={"description": "Whether the other record goes into the one that remains."})
    places = ma.fields.List(ma.fields.String())
    accounts = ma.fields.List(ma.fields.String())
    fields_ = ma.fields.List(ma.fields.Nested(ComparedValue), data_key="fields")
    hanging = ma.fields.List(ma.fields.Nested(HangingCount))
    reasons = ma.fields.List(ma.fields.String())


class PersonsMergeDone(Schema):
    """Which record remains."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    version = ma.fields.Integer()
