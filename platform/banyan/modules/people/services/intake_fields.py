"""Own fields among the columns of an import: what rows say in them, whether it may be, and how it is written (PPL-01).

All rows of a chunk at once: two statements to compare, one more for each unique field, two to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import ValidationError

from banyan.kernel.context import Context
from banyan.kernel.i18n import message
from banyan.kernel.imports import Importable, ImportRow
from banyan.kernel.imports.declared import Choices
from banyan.modules.people.field_inputs import clean, input_of
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_values
from banyan.modules.people.services.field_reading import fields_of
from banyan.modules.people.services.field_values import Held, Values

PREFIX = "f_"
_BETWEEN = str.maketrans(dict.fromkeys("，,;；/|\n", "、"))


class Several(ma.fields.Field[Any]):
    """Several options in one cell, with 、 or a comma between."""

    def __init__(self, field: Field, **held: Any) -> None:
        super().__init__(**held)
        self._known = {
            **{label: value for value, label in field.choices},
            **{value: value for value, _l in field.choices},
        }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        said = [one.strip() for one in str(value).translate(_BETWEEN).split("、") if one.strip()]
        if not set(said) <= self._known.keys():
            raise ValidationError(message("Choose from the listed values only."))
        return [self._known[one] for one in said]


def at(ctx: Context, item: Importable) -> Importable:
    """The import with a column for each own field that holds at the organisation of the request."""
    fields = fields_of(ctx, ctx.here)
    if not fields:
        return item
    columns = {PREFIX + one.key: _column(one) for one in fields}
    schema: Any = type(item.schema.__name__, (item.schema,), columns)
    chosen = {PREFIX + one.key: list(one.choices) for one in fields if one.kind == "choice"}

    def choices(asked: Context) -> Choices:
        return {**item.choices(asked), **chosen}

    return replace(item, schema=schema, choices=choices)


def _column(field: Field) -> ma.fields.Field[Any]:
    made = input_of(field)
    if field.several:
        made = Several(field, required=field.required, metadata={**made.metadata, "kind": "text"})
    if field.sensitive:
        made.metadata = {**made.metadata, "sensitive": "phone" if field.kind == "phone" else "generic"}
    return made


@dataclass(frozen=True, slots=True)
class Holding:
    """A record on its way in, as far as its own fields have to know it."""

    id: UUID
    org_path: str
    status: str = "active"


def take(rows: Sequence[ImportRow]) -> list[dict[str, Any]]:
    """Take the own fields out of ``rows``, whose other values the rules of records are asked about."""
    found = []
    for row in rows:
        own = {key: value for key, value in row.data.items() if key.startswith(PREFIX)}
        row.data = {key: value for key, value in row.data.items() if key not in own}
        found.append(own)
    return found


def check(ctx: Context, rows: Sequence[ImportRow], own: Sequence[dict[str, Any]]) -> None:
    """Put them back, and say of each row what differs from the record and what somebody else has already."""
    if not any(own):
        return
    fields = fields_of(ctx, ctx.here)
    known = {one.id: one for one in fields}
    ids = [_member(row) for row in rows]
    held = field_values.held_many(ctx, [one for one in ids if one is not None], known)
    wanted = [_cleaned(fields, given) for given in own]
    taken = field_values.check_many(ctx, fields, list(zip(ids, wanted, strict=True)))
    for row, given, member, values, reasons in zip(rows, own, ids, wanted, taken, strict=True):
        row.data |= given
        for key, reason in reasons.items():
            row.reject(PREFIX + key, reason)
        if row.before is not None and member is not None:
            row.before |= _before(known, values, held.get(member, {}))


def _member(row: ImportRow) -> UUID | None:
    found = row.memo.get("id") if isinstance(row.memo, dict) else None
    return UUID(found) if found else None


def _before(known: dict[UUID, Field], values: Values, held: dict[UUID, Held]) -> dict[str, Any]:
    return {
        PREFIX + known[one].key: field_values.said(known[one], held.get(one, Held()).shown)
        for one, texts in values.items()
        if texts != held.get(one, Held()).clear
    }


def _cleaned(fields: Sequence[Field], given: dict[str, Any]) -> Values:
    return {one.id: clean(one, given[PREFIX + one.key]) for one in fields if given.get(PREFIX + one.key) is not None}


def data(row: ImportRow) -> dict[str, Any]:
    """The own fields of a row that change a record, as `members.edit` takes them."""
    changed = row.before or {}
    return {key.removeprefix(PREFIX): row.data[key] for key in row.data if key.startswith(PREFIX) and key in changed}


def write(ctx: Context, rows: Sequence[ImportRow], made: Sequence[dict[str, Any]]) -> None:
    """Write the own fields of new records."""
    if not any(key.startswith(PREFIX) for row in rows for key in row.data):
        return
    fields = fields_of(ctx, ctx.here)
    items = [
        (Holding(one["id"], one["org_path"]), _cleaned(fields, row.data)) for row, one in zip(rows, made, strict=True)
    ]
    field_values.put(ctx, {one.id: one for one in fields}, items)
