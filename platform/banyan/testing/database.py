"""Databases for tests: a server for the run, a migrated database, and emptying it quickly between tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from banyan.kernel.db.base import Base
from banyan.kernel.db.embedded import EmbeddedPostgres
from banyan.kernel.db.roles import ensure_app_role
from banyan.kernel.db.urls import Urls, with_database
from banyan.plugins import migrate
from banyan.plugins.manager import Plugins

KEPT = ("alembic_version", "data_key", "org_level", "org_type", "plugin_known", "policy_stamp")
QUEUE = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")


@contextmanager
def server() -> Iterator[Urls]:
    """Addresses of a server for tests: that of ``DATABASE_URL`` (with ``DATABASE_APP_URL``), else one of their own."""
    own = os.environ.get("DATABASE_URL")
    if own:
        with psycopg.connect(own) as owner:
            ensure_app_role(owner)
        yield Urls(own, os.environ["DATABASE_APP_URL"])
        return
    # sockets have short names
    home = Path(tempfile.mkdtemp(prefix="bt-", dir="/tmp"))
    embedded = EmbeddedPostgres(home, durable=False)
    try:
        yield embedded.start()
    finally:
        embedded.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(at: Urls, name: str, plugins: Plugins) -> Iterator[Urls]:
    """A new database with the tables of all modules in ``plugins``, gone after the block.

    :raises RuntimeError: a plugin could not be migrated; the message says which, and why.
    """
    made = Urls(with_database(at.owner, name), with_database(at.app, name))
    with psycopg.connect(at.owner, autocommit=True) as owner:
        owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        owner.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'".encode())
    try:
        with psycopg.connect(made.owner) as owner:
            ensure_app_role(owner)
        failed = migrate.upgrade_all(made.owner, plugins)
        if failed:
            raise RuntimeError("; ".join(f"{plugin}: {reason}" for plugin, reason in failed.items()))
        yield made
    finally:
        with psycopg.connect(at.owner, autocommit=True) as owner, suppress(psycopg.errors.InsufficientPrivilege):
            # an owner may not end another role's connection; the server of the run is thrown away anyway
            owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def emptying(owner_url: str) -> str:
    """Statements that empty every table, children before parents. Faster than TRUNCATE for tables this small."""
    ordered = [table.name for table in reversed(Base.metadata.sorted_tables)]
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace"
        )
        names = {row[0] for row in rows if not row[0].startswith(KEPT)}
    known = [name for name in ordered if name in names]
    rest = sorted(names - set(known) - set(QUEUE))
    loose = "UPDATE org SET approval_document = NULL WHERE approval_document IS NOT NULL; "
    return loose + "; ".join(f"DELETE FROM {name}" for name in (*QUEUE, *rest, *known))  # noqa: S608 - our own tables
