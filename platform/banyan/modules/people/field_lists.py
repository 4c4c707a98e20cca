"""The list of members with the fields that hold at an organisation: columns and filters beside the list's own.

A column is read by ``(member_id, field_id, item)`` for the rows of the page alone. A filter begins at
``ix_member_field_value_key`` (field, key) or, where the place is narrower than the value, at the members of the place;
of a sensitive field only whole values are found, by blind index, and only by who may read them in clear.

Lists are kept by the fields they show, since selects are compiled once for the expressions of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, ScalarSelect, Select, Text, cast, func, select, type_coerce

from banyan.kernel.context import Context
from banyan.kernel.db.beginnings import begins_with
from banyan.kernel.i18n import language, lazy
from banyan.kernel.sealing import blind_indexes
from banyan.kernel.tables import Column, Filter, TableDef
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import may
from banyan.modules.people.field_models import PURPOSE, MemberFieldValue
from banyan.modules.people.lists import MEMBERS
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import SENSITIVE_REVEAL
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services.field_reading import fields_of

VALUE = MemberFieldValue.__table__.c
PREFIX = "f_"


def members_table(ctx: Context, org: OrgRef | None = None) -> TableDef:
    """The list of members as the reader of ``ctx`` has it at ``org``, by default the organisation of the request."""
    place = org or ctx.here
    return table_of(fields_of(ctx, place), reveal=may(ctx, SENSITIVE_REVEAL.name, place))


def table_of(fields: Sequence[Field], *, reveal: bool) -> TableDef:
    """The list of members with these fields. :param reveal: whether whole sensitive values can be looked up."""
    return _table(tuple(fields), reveal, language()) if fields else MEMBERS


@lru_cache(maxsize=500)
def _table(fields: tuple[Field, ...], reveal: bool, spoken: str) -> TableDef:
    columns = tuple(_column(one, spoken) for one in fields)
    filters = tuple(item for one in fields for item in _filters(one, spoken, reveal=reveal))
    return replace(MEMBERS, columns=(*MEMBERS.columns, *columns), filters=(*MEMBERS.filters, *filters))


def column_key(field: Field) -> str:
    """What the list calls the column, and the filter, of a field."""
    return PREFIX + field.key


def _column(field: Field, spoken: str) -> Column:
    kind = "text" if field.sensitive else _COLUMN_KINDS.get(field.kind, "text")
    labels: dict[str, Any] = {} if field.sensitive else dict(field.choices)
    return Column(column_key(field), field.said(spoken), _held(field), kind, labels=labels, shown=False, costly=True)  # type: ignore[arg-type]  # kinds of our own table


_COLUMN_KINDS = {"date": "date", "boolean": "boolean", "phone": "code", "code": "code"}


def _held(field: Field) -> ColumnElement[Any]:
    rows = select(VALUE.value).where(VALUE.member_id == Member.id, VALUE.field_id == field.id)
    if field.several:
        # A list as the driver gives it: told to be a text, it is not converted row by row.
        return type_coerce(_scalar(rows.with_only_columns(func.array_agg(VALUE.value))), Text)
    if field.sensitive:
        return _scalar(rows)
    if field.kind == "integer":
        return _scalar(rows.with_only_columns(cast(VALUE.value, BigInteger)))
    if field.kind == "date":
        return _scalar(rows.with_only_columns(cast(VALUE.value, Date)))
    if field.kind == "boolean":
        return _scalar(rows.with_only_columns(VALUE.value == "true"))
    return _scalar(rows)


def _scalar(rows: Select[Any]) -> ScalarSelect[Any]:
    return rows.correlate(Member.__table__).scalar_subquery()


def _filters(field: Field, spoken: str, *, reveal: bool) -> list[Filter]:
    name, label = column_key(field), field.said(spoken)
    filled = Filter(f"{name}_set", lazy("%(label)s: filled in", label=label), "boolean", _is_filled(field), rare=True)
    if field.sensitive:
        exact = Filter(
            name, label, "text", _sensitive(field), placeholder=lazy("The whole value"), rare=True, sensitive=_always
        )
        return [*([exact] if reveal and field.compared else []), filled]
    if field.kind in rules.RANGED_KINDS:
        kind: Any = field.kind
        return [
            Filter(f"{name}_from", lazy("%(label)s: from", label=label), kind, _at_least(field), rare=True),
            Filter(f"{name}_until", lazy("%(label)s: until", label=label), kind, _at_most(field), rare=True),
            filled,
        ]
    if field.kind == "boolean":
        return [Filter(name, label, "boolean", _is(field), rare=True), filled]
    if field.kind in rules.WITH_CHOICES:
        choices = list(field.choices)
        return [Filter(name, label, "choice", _is(field), lambda _session: choices, rare=True), filled]
    if field.kind == "long_text":
        return [filled]
    return [Filter(name, label, "text", _begins(field), placeholder=lazy("How it begins"), rare=True), filled]


def _having(field: Field, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return Member.id.in_(select(VALUE.member_id).where(VALUE.field_id == field.id, *conditions))


def _always(_text: str) -> bool:
    return True


Where = Callable[[Any], ColumnElement[bool]]


def _is_filled(field: Field) -> Where:
    return lambda wanted: _having(field) if wanted else ~_held_at_all(field)


def _held_at_all(field: Field) -> ColumnElement[bool]:
    return (
        select(VALUE.id).where(VALUE.member_id == Member.id, VALUE.field_id == field.id).correlate(Member.__table__)
    ).exists()


def _is(field: Field) -> Where:
    return lambda value: _having(field, VALUE.key == rules.to_text(field.kind, value))


def _begins(field: Field) -> Where:
    return lambda text: _having(field, begins_with(VALUE.key, rules.compare_key(field.kind, text)))


def _at_least(field: Field) -> Where:
    return lambda value: _having(field, VALUE.key >= rules.compare_key(field.kind, rules.to_text(field.kind, value)))


def _at_most(field: Field) -> Where:
    return lambda value: _having(
        field, VALUE.key <= rules.compare_key(field.kind, rules.to_text(field.kind, value)), VALUE.key != ""
    )


def _sensitive(field: Field) -> Where:
    return lambda text: _having(field, VALUE.value_index.in_(blind_indexes(PURPOSE, rules.blind_form(text))))
