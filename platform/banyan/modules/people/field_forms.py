"""Own fields inside the form of a record: a group of inputs called ``fields.<key>``, in whichever form has them.

Sensitive values are never shown again: what is left empty is kept, and a box beside it empties it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import marshmallow as ma

from banyan.api.schemas import Schema
from banyan.kernel.i18n import language, lazy
from banyan.modules.people.field_inputs import input_of
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services.field_values import Values, given

GROUP = lazy("Own fields")
_EMPTY = "__empty"


def with_fields(schema: type[Schema], fields: Sequence[Field], *, editing: bool = False) -> Schema:
    """``schema`` with the group of own fields; without it where there are none.

    :param editing: whether there is a record already.
    """
    if not fields:
        return schema()
    inputs: dict[str, Any] = {}
    for one in fields:
        kept = editing and one.sensitive
        inputs[one.key] = input_of(one, required=False if kept else None)
        if kept and not one.required:
            label = lazy("Empty “%(label)s”", label=one.said(language()))
            inputs[one.key + _EMPTY] = ma.fields.Boolean(load_default=False, metadata={"label": label})
    nested = ma.fields.Nested(
        Schema.from_dict(inputs, name="OwnFields"), required=True, metadata={"label": GROUP, "kept": True}
    )
    made: Schema = type(schema.__name__, (schema,), {"fields": nested})()
    return made


def of_form(fields: Sequence[Field], data: dict[str, Any], *, editing: bool = False) -> dict[str, Any]:
    """What a form of `with_fields` loaded, with ``fields`` as services take it: what was emptied is None."""
    held: Mapping[str, Any] = data.pop("fields", None) or {}
    found: dict[str, Any] = {}
    for one in fields:
        value = held.get(one.key)
        if one.sensitive and editing and value in (None, "", []):
            if held.get(one.key + _EMPTY):
                found[one.key] = None
            continue
        found[one.key] = value
    return {**data, "fields": found} if fields else data


def form_values(fields: Sequence[Field], values: Values) -> dict[str, Any]:
    """What a record holds, as the form shows it: nothing of what is sensitive."""
    return {one.key: _shown(one, values.get(one.id, ())) for one in fields if not one.sensitive}


def _shown(field: Field, values: Sequence[str]) -> Any:
    if field.kind == "date" and values:
        return date.fromisoformat(values[0])
    return given(field, values)
