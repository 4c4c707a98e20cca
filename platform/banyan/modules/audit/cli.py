"""`banyan audit`: prove the audit log, and take old months out of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getuser
from uuid import uuid4

import click
import orjson

from banyan.kernel.clock import SHANGHAI, SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor
from banyan.modules.audit import partitions, verification
from banyan.modules.audit.rules import Finding
from banyan.modules.audit.services import Subject, record

FOUND = 1
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def audit() -> None:
    """The audit log: verify its chain, take old months out of it."""


@contextmanager
def _owner() -> Iterator[Context]:
    with database_server(Settings.from_env()) as urls:
        database = Database(urls.owner, pool_size=1)
        try:
            with database.session(Whole("the chain of the whole audit log")) as session:
                yield Context(session, Actor(None, getuser(), "cli"), None, SystemClock(), f"cli-{uuid4().hex}")
        finally:
            database.dispose()


@audit.command()
@click.option("--since", type=_DAY, help="Leave out what is older (a day, or an instant, in Shanghai).")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def verify(since: datetime | None, as_json: bool) -> None:
    """Walk the chain and name every entry that was altered, dropped or inserted.

    Exit code 0: the log is as it was written, 1: it is not. Entries may be written meanwhile. The result is kept, and
    shown in the console.
    """
    with _owner() as ctx:
        started = ctx.clock.now()
        start = since.replace(tzinfo=SHANGHAI).astimezone(UTC) if since else None
        walk, found = verification.verified(ctx.session, start, tell=_nobody if as_json else _tell)
        kept = verification.keep(ctx, walk, found, started)
        ctx.session.commit()
        seconds = (kept.finished_at - started).total_seconds()
    if as_json:
        told: dict[str, object] = {
            "entries": walk.entries,
            "sealed_afterwards": walk.old,
            "seconds": seconds,
            "stopped": walk.stopped,
        }
        heads = {lane: asdict(head) for lane, head in walk.began.items() if head.position}
        told |= {"heads": {str(lane): head for lane, head in heads.items()}, "findings": [asdict(one) for one in found]}
        click.echo(orjson.dumps(told).decode())
    else:
        click.echo(_report(walk, found, seconds))
    if found:
        sys.exit(FOUND)


@audit.command()
@click.argument("month", type=click.DateTime(["%Y-%m"]))
def archive(month: datetime) -> None:
    """Take MONTH (2024-03) out of the log, so that its table may be copied elsewhere and dropped.

    The ends of its part of the chain are written down: a verification goes on beyond it. Verify before.
    """
    with _owner() as ctx:
        name, entries = partitions.archive(ctx.session, month.date(), ctx.clock.now())
        record(ctx, "audit.month.archive", Subject("month", name, f"{month:%Y-%m}"), after={"entries": entries})
        ctx.session.commit()
    click.echo(f"{name} stands beside the log with {entries:,} entries.")


def _nobody(_done: int, _total: int) -> None:
    """For readers that are programs."""


def _tell(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of about {total:,} entries", nl=False, err=True)


def _report(walk: verification.Walk, found: Sequence[Finding], seconds: float) -> str:
    lines = ["", *map(_said, found)]
    speed = f"{walk.entries:,} entries in {seconds:.1f} s"
    if walk.old:
        speed += f", of which {walk.old:,} from before the chain"
    if walk.stopped:
        speed += "; stopped, since so much is wrong"
    return "\n".join([*lines, f"{speed}. {len(found)} disagreements."])


def _said(one: Finding) -> str:
    places = f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
    where = f"lane {one.lane}, position {places}" if one.lane >= 0 else "in no lane"
    match one.kind:
        case "partition":
            return f"{'partition':<10} {one.name} is not part of the log, and was not archived"
        case "dropped":
            between = f"between {one.entry or 'the beginning'} ({one.at or '-'}) and {one.then} ({one.until})"
            return f"{'dropped':<10} {where}: {one.last - one.first + 1} entries, {between}"
        case "cut":
            after = f"after {one.entry} ({one.at})" if one.entry else "all of them"
            return f"{'cut':<10} {where}: the newest {one.last - one.first + 1} entries, {after}"
        case "head":
            return f"{'head':<10} lane {one.lane}: its end is not on record"
        case _:
            return f"{one.kind:<10} {where}: {one.entry} ({one.at})"
