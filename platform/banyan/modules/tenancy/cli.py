"""`banyan tree`: does the tree agree with itself, and mend it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson

from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.settings import Settings
from banyan.modules.tenancy.services import figures, integrity

FOUND = 1
UNMENDED = 2


@click.group()
def tree() -> None:
    """The tree of organisations: check that it agrees with itself, and mend it."""


@contextmanager
def _owner() -> Iterator[ScopedSession]:
    with database_server(Settings.from_env()) as urls:
        database = Database(urls.owner, pool_size=1)
        try:
            with database.session(Whole("the whole tree is checked")) as session:
                yield session
        finally:
            database.dispose()


@tree.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def check(as_json: bool) -> None:
    """Look for paths, depths, ordinals, levels, tokens, copies and figures that disagree.

    Exit code 0: none, 1: `banyan tree repair` mends all of them, 2: some need a decision of people.
    """
    with _owner() as session:
        found = integrity.check(session, figures.recount)
        session.rollback()
    if as_json:
        click.echo(orjson.dumps(found).decode())
    else:
        for finding in found:
            note = "" if finding.repairable else "  (not repairable)"
            click.echo(f"{finding.check:<12}  {finding.where:<32}  {finding.detail}{note}")
        click.echo(f"{len(found)} disagreements.")
    if found:
        sys.exit(FOUND if all(finding.repairable for finding in found) else UNMENDED)


@tree.command()
def repair() -> None:
    """Mend what can be mended, all or nothing. Exit code 0: the tree agrees with itself, 2: something is left."""
    with _owner() as session:
        mended = integrity.repair(session, figures.mend)
        left = integrity.check(session, figures.recount)
        session.commit()
    for kind, number in mended.items():
        click.echo(f"{kind:<12}  {number} rows mended")
    for finding in left:
        click.echo(f"{finding.check:<12}  {finding.where:<32}  {finding.detail}  (left)")
    if not mended:
        click.echo("There was nothing to mend.")
    if left:
        sys.exit(UNMENDED)
