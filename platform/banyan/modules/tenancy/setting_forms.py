"""Settings as the API and the console hold them; the console's form is generated from the definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.errors import Text as Message
from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef
from banyan.modules.tenancy.services import settings
from banyan.modules.tenancy.services.settings import YES_NO, SettingView
from banyan.plugins.settings import BIGGEST, LONGEST_TEXT
from banyan.web.forms import BoundForm

VERSION = "version"


def form_of(views: Sequence[SettingView]) -> BoundForm:
    """The form of all settings that can be laid down here; an empty field is none of its own."""
    fields: dict[str, Any] = {_attribute(view.key): _field(view) for view in views if not view.standing.bound}
    fields[VERSION] = Text(required=True, metadata={"widget": "hidden"})
    own = {view.key: view.standing.own for view in views if view.standing.own is not None}
    return BoundForm(Schema.from_dict(fields)(), data={**own, VERSION: settings.version(views)})


def wanted(views: Sequence[SettingView], data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form of `form_of` held, by key."""
    return {view.key: data[_attribute(view.key)] for view in views if _attribute(view.key) in data}


def _attribute(key: str) -> str:
    """marshmallow takes a dot in the name of an attribute for a nested one."""
    return key.replace(".", "__")


def _field(view: SettingView) -> ma.fields.Field[Any]:
    one = view.definition
    held: dict[str, Any] = {
        "metadata": {"label": one.label, "help": one.help, "group": view.module.label, **_empty(view)},
        "load_default": None,
        "allow_none": True,
        "data_key": one.key,
    }
    return _BY_KIND[one.kind](one, held)


def _empty(view: SettingView) -> dict[str, Message]:
    """What the field says while nothing is laid down here."""
    value = str(settings.shown(view.definition, view.standing.inherited))
    if view.definition.kind in ("text", "integer"):
        return {"placeholder": value}
    return {"placeholder": lazy("Not laid down here: %(value)s", value=value)}


def _boolean(_one: SettingDef, held: dict[str, Any]) -> ma.fields.Field[Any]:
    choices = [("true", YES_NO[True]), ("false", YES_NO[False])]
    held["metadata"] |= {"widget": "select", "choices": choices}
    return ma.fields.Boolean(**held)


def _choice(one: SettingDef, held: dict[str, Any]) -> ma.fields.Field[Any]:
    held["metadata"] |= {"choices": one.choices}
    return ma.fields.String(validate=validate.OneOf([value for value, _label in one.choices]), **held)


def _integer(one: SettingDef, held: dict[str, Any]) -> ma.fields.Field[Any]:
    least = -BIGGEST if one.minimum is None else one.minimum
    most = BIGGEST if one.maximum is None else one.maximum
    return ma.fields.Integer(validate=validate.Range(least, most), **held)


def _text(one: SettingDef, held: dict[str, Any]) -> ma.fields.Field[Any]:
    return Text(validate=validate.Length(one.minimum or 0, one.maximum or LONGEST_TEXT), **held)


_BY_KIND: Mapping[str, Callable[[SettingDef, dict[str, Any]], ma.fields.Field[Any]]] = {
    "boolean": _boolean,
    "choice": _choice,
    "integer": _integer,
    "text": _text,
}


class SettingChoice(Schema):
    """One value of a setting that is chosen from a list."""

    value = ma.fields.String()
    label = ma.fields.String()


class SettingDetail(Schema):
    """A setting as it stands at an organisation."""

    key = ma.fields.String()
    module = ma.fields.String()
    label = ma.fields.String()
    help = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "`text`, `integer`, `boolean` or `choice`."})
    choices = ma.fields.List(ma.fields.Nested(SettingChoice))
    minimum = ma.fields.Integer(allow_none=True)
    maximum = ma.fields.Integer(allow_none=True)
    wins = ma.fields.String(metadata={"description": "`highest`: a rule from above holds; `nearest`: a preference."})
    default = ma.fields.Raw()
    value = ma.fields.Raw(metadata={"description": "In force here."})
    laid_down_by = ma.fields.String(
        allow_none=True, metadata={"description": "Code of who laid it down; null: nobody."}
    )
    own = ma.fields.Raw(allow_none=True, metadata={"description": "Laid down by the organisation itself."})
    changeable = ma.fields.Boolean(metadata={"description": "False: a rule from above holds."})


class SettingsDetail(Schema):
    """All settings of an organisation; never more than fit on one page."""

    version = ma.fields.String(metadata={"description": "Of what is laid down here; send it back when changing."})
    items = ma.fields.List(ma.fields.Nested(SettingDetail))


class SettingsLayDown(Schema):
    """Settings to be laid down for this organisation and all below; null lifts one, others stay as they are."""

    values = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(max=100)),
        values=ma.fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(1, 200),
    )
    version = ma.fields.String(
        load_default=None, allow_none=True, metadata={"description": "As it was read; else 409 if it is another now."}
    )
