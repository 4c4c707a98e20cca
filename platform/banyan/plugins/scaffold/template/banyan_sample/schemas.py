"""What a note is made of: the rules and messages of the form and of the API."""

from __future__ import annotations

import marshmallow as ma
from banyan.sdk import Schema, Text, lazy
from marshmallow import validate

LONGEST = 500


class NoteInput(Schema):
    """A note to be written."""

    text = Text(
        required=True,
        validate=validate.Length(1, LONGEST),
        metadata={"label": lazy("Note"), "widget": "textarea", "wide": True},
    )
    # <privacy>
    person_id = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Person"), "help": lazy("Id of the person it is about, if any."), "wide": True},
    )
    # </privacy>


class NoteUpdate(NoteInput):
    """A change; ``version`` is the one that was read, so that two editors do not overwrite each other."""

    version = ma.fields.Integer(required=True, validate=validate.Range(0, 2**62), metadata={"widget": "hidden"})


class NoteDetail(Schema):
    """A note as the API shows it."""

    id = ma.fields.UUID()
    text = ma.fields.String()
    # <privacy>
    person_id = ma.fields.UUID(allow_none=True)
    # </privacy>
    written_at = ma.fields.DateTime()
    version = ma.fields.Integer()
