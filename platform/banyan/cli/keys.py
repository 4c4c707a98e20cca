"""`banyan keys`: the keys that seal what identifies and reaches people (PPL-05)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import psycopg

from banyan.kernel import keyring, reindexing, resealing, rotation
from banyan.kernel.clock import SystemClock
from banyan.kernel.context import Context
from banyan.kernel.crypto import DATA, Vault
from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.keyring import Keyring
from banyan.kernel.settings import SECRET_LENGTH, Settings
from banyan.kernel.values import Actor
from banyan.modules.audit.services import Subject, record
from banyan.plugins import manager

LEFT = 1
SHOWN = 20
OLD_SECRET = "BANYAN_OLD_SECRET_KEY"  # noqa: S105 - the name of a variable
_OLD = click.option(
    "--old-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the former secret; else it is read from {OLD_SECRET}.",
)


@click.group()
def keys() -> None:
    """Keys that seal personal data: show them, make new ones, wrap them with another secret."""


class House:
    """The owner's connection, the ring of keys, and what is sealed with them."""

    def __init__(self, owner: resealing.Owner, ring: Keyring, url: str) -> None:
        self.owner, self.ring, self._url = owner, ring, url
        keyring.ensure(owner, ring.vault)
        self.columns = [one for one in resealing.sealed_columns(Base.metadata) if self._exists(one.table)]
        self.indexes = [one for one in reindexing.indexed_columns(Base.metadata) if self._exists(one.table)]

    def _exists(self, table: str) -> bool:
        row = self.owner.execute("SELECT to_regclass('public.' || quote_ident(%s)) IS NOT NULL", [table]).fetchone()
        return row == (True,)

    def audit(self, action: str, after: dict[str, Any]) -> None:
        """Write an entry that stands at no organisation, for operators."""
        database = Database(self._url, pool_size=1)
        try:
            with database.session(Whole("keys belong to the whole installation")) as session:
                actor = Actor(None, getuser(), "cli")
                ctx = Context(session, actor, None, SystemClock(), f"cli-{uuid4().hex}")
                record(ctx, action, Subject("installation", "", ""), after=after)
                session.commit()
        finally:
            database.dispose()


@contextmanager
def _house(old_secret: str = "") -> Iterator[House]:
    from banyan.app import CORE

    settings = Settings.from_env()
    # every model that declares a sealed column must be known
    for _name, _models in manager.load(CORE).start("banyan_models"):
        pass
    with database_server(settings) as urls:
        older = [old_secret] if old_secret else []
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute("SET statement_timeout = 0; SET lock_timeout = 0")
            if older:
                keyring.rewrap(owner, Vault(settings.secret_key, *older))
            yield House(owner, Keyring(urls.owner, settings.secret_key, *older), urls.owner)


def _former(file: Path | None) -> str:
    found = file.read_text(encoding="utf-8").strip() if file else os.environ.get(OLD_SECRET, "").strip()
    if len(found) < SECRET_LENGTH:
        raise click.ClickException(f"Give the former secret in {OLD_SECRET} or with --old-secret-file.")
    return found


@keys.command("list")
def show() -> None:
    """Show the keys: what for, in which state, and how many values name each."""
    with _house() as house:
        used = resealing.usage(house.owner, house.columns)
        rows = house.owner.execute("SELECT kind, encode(tag, 'hex'), state, made_at FROM data_key ORDER BY made_at")
        click.echo("  kind   key       state    made        values")
        for kind, tag, state, made in rows.fetchall():
            number = str(used[DATA + bytes.fromhex(tag)]) if kind == "seal" else "-"
            click.echo(f"  {kind:<5}  {tag}  {state:<7}  {made:%Y-%m-%d}  {number:>6}")
    derived = sum(number for header, number in used.items() if not header.startswith(DATA))
    if derived:
        click.echo(f"  {derived} values are sealed with the secret itself; `banyan keys rotate` seals them with a key.")


@keys.command()
@_OLD
def rewrap(old_secret_file: Path | None) -> None:
    """Wrap the keys with the secret as it is now, after it was changed; no data is touched.

    Stop web and worker before the secret is changed, and start them afterwards. What was sealed with the former secret
    itself (second factors of earlier versions) is sealed anew.
    """
    former = _former(old_secret_file)
    with _house(former) as house:
        done = resealing.reseal(house.owner, house.ring, house.columns, _tell).sealed.total() if former else 0
        house.audit("operators.keys.rewrap", {"resealed": done})
    click.echo("The keys are wrapped with the secret as it is now.")


@keys.command()
@click.option("--index", is_flag=True, help="Change the key of the blind indexes instead of the one that seals.")
@click.option("--secret-changed", is_flag=True, help="The secret was changed as well: wrap the keys with it first.")
@click.option("--no-wait", is_flag=True, help="Web and worker are stopped: nobody has to learn of the new key.")
@_OLD
def rotate(index: bool, secret_changed: bool, no_wait: bool, old_secret_file: Path | None) -> None:
    """Make a new key, seal everything with it in chunks, and retire the old one once nothing names it.

    The platform may run meanwhile. Killed or interrupted, it is simply run again and goes on where it was. Exit code 1:
    something could not be opened and is named; the old key stays.
    """
    with _house(_former(old_secret_file) if secret_changed else "") as house:
        wait = _nothing if no_wait else _wait
        began = time.monotonic()
        try:
            if index:
                outcome = rotation.rotate_index(house.owner, house.ring, house.indexes, _tell, wait)
            else:
                outcome = rotation.rotate(house.owner, house.ring, house.columns, _tell, wait)
        except rotation.Busy as busy:
            raise click.ClickException(str(busy)) from busy
        told = {"key": outcome.tag, "made": outcome.done, "retired": outcome.retired, "left": len(outcome.left)}
        house.audit("operators.keys.rotate", {"kind": "index" if index else "seal", **told})
    _tell_outcome(outcome, time.monotonic() - began)
    sys.exit(LEFT if outcome.left else 0)


def _tell_outcome(outcome: rotation.Outcome, seconds: float) -> None:
    begun = "The change that had been begun went on" if outcome.resumed else "A new key was made"
    click.echo(
        f"{begun}: {outcome.tag}. {outcome.done} values in {seconds:.0f} s, old keys retired: {outcome.retired}."
    )
    for one in outcome.left[:SHOWN]:
        click.echo(f"  not done: {one}", err=True)
    if len(outcome.left) > SHOWN:
        click.echo(f"  … and {len(outcome.left) - SHOWN} more", err=True)


def _tell(column: str, done: int) -> None:
    click.echo(f"  {column:<44} {done:>10}")


def _wait(seconds: float) -> None:
    click.echo(f"  waiting {seconds:.0f} s until every running process knows the key …")
    time.sleep(seconds)


def _nothing(_seconds: float) -> None:
    """Nobody has to be waited for."""
