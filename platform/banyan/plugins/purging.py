"""Taking leave of a plugin that was uninstalled: its data is written out, then its tables and traces go (PLG-01)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy

# What the platform itself keeps about a module: table, and the column that names it.
_TRACES = (
    ("module_state", "module"),
    ("module_policy", "module"),
    ("plugin_off", "module"),
    ("plugin_failure", "module"),
)
# The same, where the column holds names that begin with the module's.
_NAMED = (("org_setting", "key"), ("org_role_permission", "permission"), ("stat", "metric"), ("stat_delta", "metric"))


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did: rows written out by table, and where to."""

    tables: dict[str, int]
    file: Path


def tables_of(connection: psycopg.Connection[tuple[object, ...]], name: str) -> list[str]:
    """The tables that plugin ``name`` left behind.

    :raises Refused: there never was such a plugin here.
    """
    row = connection.execute("SELECT prefix FROM plugin_known WHERE module = %s", (name,)).fetchone()
    if row is None:
        raise Refused(lazy("No plugin called %(name)s has ever had tables here.", name=name))
    prefix = str(row[0])
    if not prefix:
        return []
    found = connection.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace = 'public'::regnamespace AND starts_with(c.relname::text, %s) ORDER BY c.relname",
        (prefix,),
    )
    return [str(one[0]) for one in found]


def purge(connection: psycopg.Connection[tuple[object, ...]], name: str, target: Path) -> Purged:
    """Write the tables of plugin ``name`` into ``target`` (a zip of CSV files), then drop them; the caller commits.

    The audit log keeps what was done with the plugin. Nobody may use the tables meanwhile: they are locked first.

    :param connection: of the role that owns the tables. :raises Refused: there never was such a plugin here.
    """
    tables = tables_of(connection, name)
    for table in tables:
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
    written = dict(_written(connection, tables, target))
    for table in (*tables, f"alembic_version_{name}"):
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
    for table, column in _TRACES:
        statement = sql.SQL("DELETE FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
        connection.execute(statement, (name,))
    for table, column in _NAMED:
        statement = sql.SQL("DELETE FROM {} WHERE starts_with({}, %s)").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        connection.execute(statement, (f"{name}.",))
    connection.execute("UPDATE policy_stamp SET version = version + 1")
    connection.execute("DELETE FROM plugin_known WHERE module = %s", (name,))
    return Purged(written, target)


def _written(
    connection: psycopg.Connection[tuple[object, ...]], tables: list[str], target: Path
) -> Iterator[tuple[str, int]]:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables:
            copy = sql.SQL("COPY {} TO STDOUT (FORMAT csv, HEADER)").format(sql.Identifier(table))
            with archive.open(f"{table}.csv", "w", force_zip64=True) as part, connection.cursor() as cursor:
                with cursor.copy(copy) as rows:
                    for block in rows:
                        part.write(block)
                yield table, cursor.rowcount
