"""Bringing the rows of a manifest into temporary tables, so that the database can look at all of them at once.

A whole nation is read as a stream: neither this process nor the database ever holds it in memory.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from banyan.kernel.pinyin import normalised, syllables
from banyan.modules.tenancy.manifest import reading
from banyan.modules.tenancy.manifest.values import FIELDS, Manifest, OrgRow

# Temporary tables are dropped with the transaction that made them. ``n`` is the order of writing.
_TABLES = """
CREATE TEMPORARY TABLE man_level (
    key text COLLATE "C", rank bigint, label jsonb, mark text, file text, line integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE man_type (
    key text COLLATE "C", label jsonb, parents jsonb, root boolean, links jsonb, ending text, file text, line integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE man_file (id smallint, name text) ON COMMIT DROP;
CREATE TEMPORARY TABLE man_row (
    n integer, file smallint, line integer, id uuid,
    code text COLLATE "C", parent text COLLATE "C", name text, short_name text,
    level text COLLATE "C", type text COLLATE "C", division_code text COLLATE "C", founded_on text,
    person_in_charge text, phone text, link text COLLATE "C",
    sort_name text COLLATE "C", plain text COLLATE "C", initials text COLLATE "C"
) ON COMMIT DROP;
"""
CHUNK = 1000
WORK_MEM = "64MB"


def stage(session: Session, manifest: Manifest, today: date) -> int:
    """Copy the manifest into temporary tables of the session's transaction; returns how many rows it has.

    Mistakes that are found on the way go to ``manifest.problems``.
    """
    session.execute(text("SELECT set_config('work_mem', :size, true)"), {"size": WORK_MEM})
    for statement in _TABLES.split(";"):
        if statement.strip():
            session.execute(text(statement))
    _define(session, manifest)
    number = _copy(driver(session), manifest, today)
    session.execute(text("ANALYZE man_row"))
    return number


def driver(session: Session) -> psycopg.Connection[Any]:
    """The driver's connection under the session, inside the same transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def _define(session: Session, manifest: Manifest) -> None:
    for level in manifest.levels:
        values = {"key": level.key, "rank": level.rank, "label": _json(level.label), "mark": level.mark}
        session.execute(
            text("INSERT INTO man_level VALUES (:key, :rank, CAST(:label AS jsonb), :mark, :file, :line)"),
            {**values, "file": level.where.file, "line": level.where.line},
        )
    for kind in manifest.types:
        named = {"key": kind.key, "label": _json(kind.label), "parents": _json(kind.parents), "root": kind.root}
        named |= {"links": _json(kind.links), "ending": kind.ending}
        session.execute(
            text(
                "INSERT INTO man_type"
                " VALUES (:key, CAST(:label AS jsonb), CAST(:parents AS jsonb), :root, CAST(:links AS jsonb),"
                " :ending, :file, :line)"
            ),
            {**named, "file": kind.where.file, "line": kind.where.line},
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _copy(connection: psycopg.Connection[Any], manifest: Manifest, today: date) -> int:
    files: dict[str, int] = {}
    lines: list[str] = []
    number = 0
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY man_row FROM STDIN (NULL '{NULL}')") as copy:
            for row in reading.rows(manifest, today):
                lines.append(_line(number, files.setdefault(row.file, len(files)), row))
                number += 1
                if len(lines) == CHUNK:
                    copy.write("".join(lines))
                    lines.clear()
            copy.write("".join(lines))
        cursor.executemany("INSERT INTO man_file VALUES (%s, %s)", [(place, name) for name, place in files.items()])
    return number


_NAME = FIELDS.index("name")
# A control character that no value keeps stands for "not mentioned".
NULL = "\x02"
_SPECIAL = re.compile(r"[\\\n\r\x00]")
_ESCAPES = {"\\": r"\\", "\t": " ", "\n": " ", "\r": " ", "\x00": "", NULL: ""}
_ESCAPED = re.compile(r"[\\\t\n\r\x00\x02]")


@lru_cache(maxsize=20_000)
def _forms(name: str) -> tuple[str, str, str]:
    """What sorting and searching need of a name."""
    plain = normalised(name)
    read = syllables(plain)
    return " ".join(read), plain, "".join([syllable[0] for syllable in read])


def _line(n: int, file: int, row: OrgRow) -> str:
    """A line of COPY's text format: three times as fast as letting the driver adapt each value."""
    values = (row.code, row.parent, *row.values, *_forms(row.values[_NAME] or ""))
    line = "\t".join([NULL if value is None else value for value in values])
    if _SPECIAL.search(line) or line.count("\t") != len(values) - 1:
        line = "\t".join([NULL if value is None else _ESCAPED.sub(_escape, value) for value in values])
    return f"{n}\t{file}\t{row.line}\t{uuid7()}\t{line}\n"


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]
