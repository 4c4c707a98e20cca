"""What the API says of long tasks."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text


class TaskDetail(Schema):
    """A long task."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    title = ma.fields.String()
    state = ma.fields.String(metadata={"description": "queued, running, done, failed or cancelled."})
    done = ma.fields.Integer()
    total = ma.fields.Integer(metadata={"description": "0 while it is not known."})
    message = ma.fields.String()
    problems = ma.fields.List(ma.fields.Dict(), metadata={"description": "Rows that could not be taken, with reasons."})
    has_result = ma.fields.Boolean()
    created_at = ma.fields.DateTime()
    finished_at = ma.fields.DateTime(allow_none=True)


class ExportStart(Schema):
    """Which list to export."""

    list = Text(required=True, validate=validate.Length(max=100), metadata={"description": "Name of the list."})
    filters = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(validate=validate.Length(max=200)),
        load_default=dict,
        metadata={"description": "As in the address of the list."},
    )
    sort = Text(load_default="", validate=validate.Length(max=60))
