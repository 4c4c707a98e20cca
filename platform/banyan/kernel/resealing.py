"""Every sealed column of core and plugins sealed anew with the current key, in chunks, as the owner of the tables.

Nothing is remembered between the chunks: what is left to do is what still names another key. A run that was killed is
simply run again. Rows that somebody changes meanwhile are left to their change, which sealed them with the new key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Column, MetaData

from banyan.kernel.crypto import HEADER, Unreadable
from banyan.kernel.keyring import Keyring

CHUNK = 2000
Tell = Callable[[str, int], None]
Owner = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, and the primary key they are bound to."""

    table: str
    column: str
    key: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(slots=True)
class Report:
    """What was done. :ivar unreadable: values that no key here opens, with the row of each; they stay as they are."""

    sealed: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)


def sealed_columns(metadata: MetaData) -> list[SealedColumn]:
    """Every column that a model declares as sealed.

    :raises TypeError: its table's primary key is more than one column.
    """
    return [
        SealedColumn(column.table.name, column.name, primary_key(column), column.info["sealed"])
        for table in metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.info
    ]


def primary_key(column: Column[Any]) -> str:
    """The one column that identifies the rows of ``column``'s table; raises TypeError where there are several."""
    keys = [one.name for one in column.table.primary_key]
    if len(keys) != 1:
        raise TypeError(f"sealed values of {column.table.name!r} need a primary key of one column")
    return keys[0]


def reseal(owner: Owner, ring: Keyring, columns: Iterable[SealedColumn], tell: Tell, chunk: int = CHUNK) -> Report:
    """Seal everything with the current key that names another one.

    :param owner: in autocommit; row security must not bind it. :param tell: called after each chunk with the column
        and how many values of it are done. :param chunk: rows of one transaction.
    """
    report = Report()
    for column in columns:
        for rows in _chunks(owner, column, ring.current("seal").header, chunk):
            report.sealed[str(column)] += _reseal_rows(owner, ring, column, rows, report)
            tell(str(column), report.sealed[str(column)])
    return report


def _reseal_rows(owner: Owner, ring: Keyring, column: SealedColumn, rows: list[Any], report: Report) -> int:
    keys, before, after = [], [], []
    for key, value in rows:
        try:
            plain = ring.open(column.purpose, value, key.bytes)
        except Unreadable as error:
            report.unreadable.append(f"{column} {key}: {error}")
            continue
        keys.append(key)
        before.append(value)
        after.append(ring.seal(column.purpose, plain, key.bytes))
    return replace(owner, column.table, column.key, column.column, (keys, before, after))


def replace(owner: Owner, table: str, key: str, column: str, values: tuple[list[Any], list[bytes], list[bytes]]) -> int:
    """Set new values where the old ones still stand: nobody's change is undone.

    :param values: keys, values before, values after. :return: how many rows were changed.
    """
    statement = sql.SQL(
        "UPDATE {table} AS t SET {column} = v.new FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS v (id, old, new)"
        " WHERE t.{key} = v.id AND t.{column} = v.old"
    ).format(table=sql.Identifier(table), column=sql.Identifier(column), key=sql.Identifier(key))
    return owner.execute(statement, list(values)).rowcount


def _chunks(owner: Owner, column: SealedColumn, header: bytes, size: int) -> Iterator[list[Any]]:
    statement = sql.SQL(
        "SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL AND substr({column}, 1, {length}) <> %s"
        " AND (%s::uuid IS NULL OR {key} > %s) ORDER BY {key} LIMIT %s"
    ).format(
        key=sql.Identifier(column.key),
        column=sql.Identifier(column.column),
        table=sql.Identifier(column.table),
        length=sql.Literal(HEADER),
    )
    last: Any = None
    while True:
        rows = owner.execute(statement, [header, last, last, size]).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def usage(owner: Owner, columns: Iterable[SealedColumn]) -> Counter[bytes]:
    """How many sealed values name which format and key."""
    found: Counter[bytes] = Counter()
    for column in columns:
        statement = sql.SQL(
            "SELECT substr({column}, 1, {length}), count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1"
        ).format(
            column=sql.Identifier(column.column),
            table=sql.Identifier(column.table),
            length=sql.Literal(HEADER),
        )
        for header, number in owner.execute(statement).fetchall():
            found[bytes(header)] += number
    return found


def others(owner: Owner, columns: Iterable[SealedColumn], ring: Keyring) -> int:
    """How many values name another key than the current one."""
    used = usage(owner, columns)
    return used.total() - used[ring.current("seal").header]
