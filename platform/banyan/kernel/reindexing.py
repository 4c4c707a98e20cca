"""Blind indexes made anew when the index key changes; look-ups go on, since they ask for the values of both keys.

A blind index does not say which key it was made with. It is recognised by making it again: from the sealed value
beside it, with the old key and with the new one. Tables that have the index without the value (a person is found by
the document of its member) follow: their old values are replaced by what the same old value became elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import MetaData, Table

from banyan.kernel.crypto import DataKey, Unreadable
from banyan.kernel.keyring import Keyring
from banyan.kernel.resealing import CHUNK, Owner, Tell, primary_key, replace


@dataclass(frozen=True, slots=True)
class IndexedColumn:
    """A column of blind indexes.

    :ivar of: the sealed column it is made of; "" where it follows other tables. :ivar source: that one's purpose.
    """

    table: str
    column: str
    key: str
    purpose: str
    of: str
    source: str
    made_of: Callable[[str, Mapping[str, Any]], str] | None

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(slots=True)
class Report:
    """What was done.

    :ivar unknown: values that none of the keys makes from what is sealed beside them; they stay as they are.
    :ivar twice: rows whose new value another row has already: two records of one person.
    """

    made: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def indexed_columns(metadata: MetaData) -> list[IndexedColumn]:
    """Every column that a model declares as indexed, those that follow others last."""
    found = [
        _declared(table, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if "indexed" in column.info
    ]
    return sorted(found, key=lambda one: not one.of)


def _declared(table: Table, name: str) -> IndexedColumn:
    column = table.columns[name]
    of = column.info["of"] or name.removesuffix("_index") + "_sealed"
    source = table.columns[of].info.get("sealed", "") if of in table.columns else ""
    purpose, made_of = column.info["indexed"], column.info["made_of"]
    return IndexedColumn(table.name, name, primary_key(column), purpose, of if source else "", source, made_of)


def reindex(
    owner: Owner,
    ring: Keyring,
    columns: list[IndexedColumn],
    keys: tuple[list[DataKey], DataKey],
    tell: Tell,
    chunk: int = CHUNK,
) -> Report:
    """Make every blind index with the new key that was made with an older one.

    :param keys: the older keys, and the new one. :param chunk: rows of one transaction.
    """
    report = Report()
    for column in columns:
        if not column.of:
            continue
        following = [one for one in columns if not one.of and one.purpose == column.purpose]
        for rows in _chunks(owner, column, chunk):
            changed = _changed(ring, column, rows, keys, report)
            with owner.transaction():
                done = _write(owner, column, changed, report)
                for other in following:
                    _follow(owner, other, changed, report)
            report.made[str(column)] = report.made.get(str(column), 0) + done
            tell(str(column), report.made[str(column)])
    return report


Change = tuple[Any, bytes, bytes]


def _changed(
    ring: Keyring,
    column: IndexedColumn,
    rows: list[dict[str, Any]],
    keys: tuple[list[DataKey], DataKey],
    report: Report,
) -> list[Change]:
    older, new = keys
    found: list[Change] = []
    for row in rows:
        key, now = row[column.key], bytes(row[column.column])
        try:
            text = ring.open(column.source, row[column.of], key.bytes).decode()
        except Unreadable as error:
            report.unknown.append(f"{column} {key}: {error}")
            continue
        plain = (column.made_of(text, row) if column.made_of else text).encode()
        wanted = new.index(column.purpose, plain)
        if now == wanted:
            continue
        if now in (one.index(column.purpose, plain) for one in older):
            found.append((key, now, wanted))
        else:
            report.unknown.append(f"{column} {key}: not made of what is sealed beside it")
    return found


def _write(owner: Owner, column: IndexedColumn, changes: list[Change], report: Report) -> int:
    """Write all at once; where one of them is taken already, row by row."""
    done = 0
    for several in (changes, *([one] for one in changes)):
        try:
            with owner.transaction():
                done += replace(owner, column.table, column.key, column.column, _columns(several))
        except psycopg.errors.UniqueViolation:
            if several is not changes:
                report.twice.append(f"{column} {several[0][0]}")
            continue
        if several is changes:
            break
    return done


def _columns(changes: list[Change]) -> tuple[list[Any], list[bytes], list[bytes]]:
    return [one[0] for one in changes], [one[1] for one in changes], [one[2] for one in changes]


def _follow(owner: Owner, column: IndexedColumn, changes: list[Change], report: Report) -> None:
    statement = sql.SQL(
        "UPDATE {table} AS t SET {column} = v.new FROM unnest(%s::bytea[], %s::bytea[]) AS v (old, new)"
        " WHERE t.{column} = v.old"
    ).format(table=sql.Identifier(column.table), column=sql.Identifier(column.column))
    pairs = list({one[1]: one for one in changes}.values())
    for several in (pairs, *([one] for one in pairs)):
        try:
            with owner.transaction():
                owner.execute(statement, [[one[1] for one in several], [one[2] for one in several]])
            if several is pairs:
                return
        except psycopg.errors.UniqueViolation:
            if several is not pairs:
                report.twice.append(f"{column} as {several[0][0]}")


def _chunks(owner: Owner, column: IndexedColumn, size: int) -> Iterator[list[dict[str, Any]]]:
    statement = sql.SQL(
        "SELECT * FROM {table} WHERE {column} IS NOT NULL AND {of} IS NOT NULL"
        " AND (%s::uuid IS NULL OR {key} > %s) ORDER BY {key} LIMIT %s"
    ).format(
        table=sql.Identifier(column.table),
        column=sql.Identifier(column.column),
        of=sql.Identifier(column.of),
        key=sql.Identifier(column.key),
    )
    last: Any = None
    with owner.cursor(row_factory=dict_row) as cursor:
        while True:
            rows = cursor.execute(statement, [last, last, size]).fetchall()
            if not rows:
                return
            last = rows[-1][column.key]
            yield rows
