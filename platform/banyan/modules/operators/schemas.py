"""What operators read and send."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy


class SwitchOff(Schema):
    """Switching a plugin off for all."""

    reason = Text(
        required=True,
        validate=validate.Length(1, 500),
        metadata={"label": lazy("Reason"), "help": lazy("Administrators who miss the module read it."), "wide": True},
    )


class HealthDetail(Schema):
    """What a plugin says of its own state."""

    ok = ma.fields.Boolean()
    detail = ma.fields.String()
    figures = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class MigrationDetail(Schema):
    """How far a plugin's tables are."""

    current = ma.fields.String(allow_none=True)
    newest = ma.fields.String(allow_none=True)
    pending = ma.fields.Boolean()
    error = ma.fields.String()


class PluginDetail(Schema):
    """A plugin in this installation."""

    name = ma.fields.String()
    state = ma.fields.String(
        metadata={"description": "`ok`, `ill`, `failing`, `behind`, `off`, `not_loaded` or `gone`."},
    )
    version = ma.fields.String(allow_none=True)
    source = ma.fields.String(metadata={"description": "Distribution and version it came in."})
    reason = ma.fields.String(metadata={"description": "Why it is not loaded, or off for all."})
    organisations = ma.fields.Integer(metadata={"description": "Organisations that have switched it on."})
    laid_down = ma.fields.Integer(metadata={"description": "Organisations that have laid it down as mandatory."})
    failures_lately = ma.fields.Integer(metadata={"description": "Today and yesterday."})
    warnings = ma.fields.List(ma.fields.String())
    migration = ma.fields.Nested(MigrationDetail, allow_none=True)
    health = ma.fields.Nested(HealthDetail, allow_none=True)


class FailureDetail(Schema):
    """Failures of one kind at one place on one day."""

    place = ma.fields.String()
    kind = ma.fields.String()
    day = ma.fields.Date()
    times = ma.fields.Integer()
    message = ma.fields.String()
    trace = ma.fields.String()
    first_at = ma.fields.DateTime()
    last_at = ma.fields.DateTime()
