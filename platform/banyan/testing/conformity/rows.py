"""Rows made up for a plugin's tables, so that a check can look for them where they must not be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.exc import SQLAlchemyError

from banyan.kernel.db.base import new_id
from banyan.kernel.values import OrgRef
from banyan.testing.conformity.findings import Subject
from banyan.testing.world import World

PERSON_COLUMNS = ("person_id", "member_id")
_CHOICES = re.compile(r"(\w+)\s+IN\s+\(\s*'([^']*)'", re.IGNORECASE)


class CannotPlant(Exception):
    """A row cannot be made up."""


def is_personal(column: Column[Any]) -> bool:
    """Whether a column holds a person: by its name, or because its model says so (``info={"person": True}``)."""
    return column.name in PERSON_COLUMNS or bool(column.info.get("person"))


def plant(subject: Subject, world: World, org: OrgRef, marker: str, person: UUID | None = None) -> list[Any]:
    """A row in every table of the plugin that belongs to organisations, at ``org``, and what hangs on it.

    :param marker: stands in every text that may hold anything. :param person: whom columns of persons name.
    :raises CannotPlant: the database refuses what was made up; the plugin's room ``testing.py`` can help with a
        function ``rows(world, org, marker, person)`` that returns mapped objects.
    """
    helper = subject.helper
    if helper is not None and hasattr(helper, "rows"):
        made = list(helper.rows(world, org, marker, person))
    else:
        made = _made_up(subject, org, marker, person or new_id())
    world.session.add_all(made)
    try:
        world.session.commit()
    except SQLAlchemyError as error:
        world.session.rollback()
        raise CannotPlant(str(error).partition("\n")[0]) from error
    return made


def _made_up(subject: Subject, org: OrgRef, marker: str, person: UUID) -> list[Any]:
    by_table = {model.__table__: model for model in subject.models}
    ids: dict[str, Any] = {}
    made = []
    for table in subject.tables:
        values = {
            column.key: _value(column, table, org, marker, person, ids) for column in table.columns if _needed(column)
        }
        row = by_table[table](**{key: value for key, value in values.items() if value is not None})
        made.append(row)
        keys = list(table.primary_key.columns)
        if len(keys) == 1:
            ids[table.name] = getattr(row, keys[0].key)
    return made


def _needed(column: Column[Any]) -> bool:
    given = column.server_default is not None or column.identity is not None or column.computed is not None
    return not given or is_personal(column) or bool(column.foreign_keys)


def _value(column: Column[Any], table: Table, org: OrgRef, marker: str, person: UUID, ids: dict[str, Any]) -> Any:
    if column.name == "org_id":
        return org.id
    if column.name == "org_path":
        return org.path
    if is_personal(column):
        return person
    for key in column.foreign_keys:
        return ids.get(key.column.table.name)
    chosen = _choices(table).get(column.name)
    return chosen if chosen is not None else _of_type(column, marker)


def _choices(table: Table) -> dict[str, str]:
    """The first value that a check on the table allows, by column."""
    said = [str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)]
    return {name: value for one in said for name, value in _CHOICES.findall(one)}


def _of_type(column: Column[Any], marker: str) -> Any:
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return None
    if kind is UUID:
        return new_id() if column.primary_key or not column.nullable else None
    made: dict[type, Any] = {
        str: marker,
        bool: False,
        int: 1,
        float: 1.0,
        datetime: datetime.fromisoformat("2026-02-11T02:00:00+00:00"),
        date: date(2026, 2, 11),
        dict: {},
        object: {},  # JSON, of which SQLAlchemy does not say more
        list: [],
        bytes: marker.encode(),
    }
    return made.get(kind)


def ids_of(rows: Sequence[Any]) -> list[str]:
    """The ids of rows, as they would stand in an answer."""
    return [str(row.id) for row in rows if getattr(row, "id", None) is not None]
