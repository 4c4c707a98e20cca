"""What operators read and send."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.i18n import LazyText, lazy


class SwitchOff(Schema):
    """Switching a plugin off for all."""

    reason = Text(
        required=True,
        validate=validate.Length(1, 500),
        metadata={"label": lazy("Reason"), "help": lazy("Administrators who miss the module read it."), "wide": True},
    )


class Effects(Schema):
    """What it means for people, by language; those left out read the first."""

    zh_hans = Text(
        data_key="zh_Hans",
        attribute="zh_Hans",
        required=True,
        validate=validate.Length(1, 500),
        metadata={
            "label": lazy("What it means for people, in simplified Chinese"),
            "help": lazy("For instance: you can read, but not change anything until 23:00."),
            "widget": "textarea",
        },
    )
    zh_hant = Text(
        data_key="zh_Hant",
        attribute="zh_Hant",
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("In traditional Chinese"), "widget": "textarea"},
    )
    en = Text(
        load_default="", validate=validate.Length(max=500), metadata={"label": lazy("In English"), "widget": "textarea"}
    )


def _moment(label: LazyText) -> Any:
    """An instant; without a zone it is one of mainland China, as the console sends it."""
    return ma.fields.AwareDateTime(
        required=True,
        default_timezone=SHANGHAI,
        metadata={"label": label, "widget": "datetime-local"},
    )


class WindowCreate(Schema):
    """Maintenance that is announced."""

    begins_at = _moment(lazy("Begins at"))
    ends_at = _moment(lazy("Ends at"))
    effects = ma.fields.Nested(Effects, required=True, metadata={"label": lazy("What it means for people")})


class WindowUpdate(WindowCreate):
    """A change of what was announced; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class WindowDetail(Schema):
    """Maintenance or an emergency, as operators see it."""

    id = ma.fields.UUID()
    kind = ma.fields.String(metadata={"description": "`maintenance` or `emergency`."})
    state = ma.fields.String(metadata={"description": "`coming`, `running` or `over`."})
    effects = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    begins_at = ma.fields.DateTime()
    ends_at = ma.fields.DateTime()
    announced_at = ma.fields.DateTime()
    ended_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class WindowTold(Schema):
    """What everybody is told just now."""

    kind = ma.fields.String(metadata={"description": "`maintenance` or `emergency`."})
    state = ma.fields.String(metadata={"description": "`coming`, or `running`: then writing is refused with 503."})
    effects = ma.fields.String(metadata={"description": "What it means, in the language of the request."})
    begins_at = ma.fields.DateTime()
    ends_at = ma.fields.DateTime()


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
