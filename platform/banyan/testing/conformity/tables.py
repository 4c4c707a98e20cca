"""Rules about a plugin's tables: both walls around them, and revisions that go up, down and up again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text

from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import Published, Scoped
from banyan.kernel.db.session import driver_url
from banyan.plugins import migrate
from banyan.testing.conformity.findings import Finding, Subject

log = structlog.get_logger(__name__)

_SECURITY = """
SELECT c.relrowsecurity, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
WHERE c.relname = :name AND c.relnamespace = 'public'::regnamespace
"""
# Everything that a migration could touch, as text, by table.
_SHAPE = """
SELECT c.relname, string_agg(what, E'\\n' ORDER BY what) FROM pg_class c CROSS JOIN LATERAL (
    SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
        || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') AS what
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid
    UNION ALL SELECT polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '')
    FROM pg_policy WHERE polrelid = c.oid
    UNION ALL SELECT tgname || ' ' || pg_get_triggerdef(oid)
    FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
    UNION ALL SELECT 'security ' || c.relrowsecurity
    UNION ALL SELECT 'rights ' || coalesce(array_to_string(c.relacl, ' '), '')
) AS parts
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
GROUP BY c.relname
"""


def walls(subject: Subject) -> Iterator[Finding]:
    """Every table belongs to organisations, and the database keeps them apart."""
    with _owner(subject) as engine, engine.connect() as connection:
        for model in subject.models:
            name = model.__tablename__
            if not issubclass(model, Scoped):
                yield Finding(
                    "walls",
                    f"table {name}",
                    f"{model.__name__} is not Scoped: rows of all organisations lie together",
                    "Add the mixin Scoped of banyan.sdk",
                )
                continue
            row = connection.execute(text(_SECURITY), {"name": name}).first()
            if row is None:
                continue
            enabled, using, check = row
            if not enabled or "app.lo" not in (using or "") or "app.hi" not in (check or ""):
                yield Finding(
                    "walls",
                    f"table {name}",
                    "row security is not switched on, or lets other organisations' rows through",
                    f"Call scope_table(op, {name!r}) of banyan.sdk in the revision that makes it",
                )
            elif ("app.up" in using) != issubclass(model, Published):
                yield Finding(
                    "walls",
                    f"table {name}",
                    "row security and the mixin Published disagree",
                    "Call scope_table(op, …, published=True) for Published tables and for no others",
                )


class _owner:  # noqa: N801 - reads as what it gives
    """The engine of the owner of the tables."""

    def __init__(self, subject: Subject) -> None:
        self._engine = create_engine(driver_url(subject.here.urls.owner))

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *_error: object) -> None:
        self._engine.dispose()


def migrations(subject: Subject) -> Iterator[Finding]:
    """Revisions make what the models say, go down leaving nothing, come up the same, and touch nobody else's tables."""
    manifest = subject.manifest
    owner = next((one for one in migrate.owners(subject.here.plugins) if one.name == subject.name), None)
    if owner is None or manifest is None:
        if subject.models:
            yield Finding("migrations", "banyan_migrations", "its tables have no revisions", "Write them")
        return
    with _owner(subject) as engine:
        yield from _misnamed(subject, owner)
        with engine.connect() as connection:
            yield from _unlike_models(subject, connection)
            before = _shape(connection)
        try:
            migrate.downgrade(engine, owner)
            with engine.connect() as connection:
                down = _shape(connection)
            migrate.upgrade(engine, owner)
        except Exception as error:  # a revision may fail in any way
            log.exception("revisions do not go down and up", plugin=subject.name)
            said = str(error).partition("\n")[0]
            yield Finding("migrations", owner.name, f"going down and up again fails: {said}", "Mend downgrade()")
            return
        with engine.connect() as connection:
            after = _shape(connection)
    yield from _compared(manifest.prefix, owner.version_table, before, down, after)


def _misnamed(subject: Subject, owner: migrate.Owner) -> Iterator[Finding]:
    for revision in owner.script.walk_revisions():
        if not revision.revision.startswith(f"{subject.name}_"):
            yield Finding(
                "migrations",
                revision.revision,
                "the revision's id does not begin with the plugin's name",
                f"Call it {subject.name}_0001 and so on",
            )


def _unlike_models(subject: Subject, connection: Connection) -> Iterator[Finding]:
    own = {table.name for table in subject.tables}

    def include(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return name in own if kind == "table" else True

    context = MigrationContext.configure(connection, opts={"include_object": include, "compare_type": True})
    for difference in compare_metadata(context, Base.metadata):
        yield Finding(
            "migrations",
            ", ".join(sorted(own)),
            f"tables and models differ: {_told(difference)}",
            "Write a revision that makes what the models say",
        )


def _told(difference: Any) -> str:
    if isinstance(difference, list):
        return "; ".join(_told(one) for one in difference)
    kind, *rest = difference
    return f"{kind} {' '.join(str(one) for one in rest if one is not None)}"[:300]


def _shape(connection: Connection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(text(_SHAPE))}


def _compared(
    prefix: str, version_table: str, before: dict[str, str], down: dict[str, str], after: dict[str, str]
) -> Iterator[Finding]:
    def own(name: str) -> bool:
        return bool(prefix) and name.startswith(prefix)

    for name in sorted(name for name in down if own(name)):
        yield Finding("migrations", f"table {name}", "it is still there after going down", "Drop it in downgrade()")
    theirs = (before.keys() | down.keys() | after.keys()) - {version_table}
    for name in sorted(name for name in theirs if not own(name)):
        if not before.get(name) == down.get(name) == after.get(name):
            yield Finding(
                "migrations",
                f"table {name}",
                "a table that is not the plugin's own changes with its revisions",
                f"Touch tables that begin with {prefix!r} only",
            )
    for name in sorted(name for name in before if own(name) and before[name] != after.get(name)):
        yield Finding(
            "migrations", f"table {name}", "it is not the same after going down and up", "Make upgrade() repeatable"
        )
