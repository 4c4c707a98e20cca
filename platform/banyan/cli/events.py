"""`banyan events`: what modules could not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from getpass import getuser
from uuid import UUID, uuid4

import click
from sqlalchemy import select

from banyan.kernel.clock import SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.events import OutboxEvent
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor
from banyan.modules.audit.services import Subject, record

MOST_LISTED = 200


@click.group()
def events() -> None:
    """Events that were set aside, because a module failed on them again and again."""


@events.command("list")
def show() -> None:
    """List events that were set aside, oldest first."""
    with _operating() as ctx:
        found = set_aside(ctx)
        for event in found:
            last = event.last_error.splitlines()[-1:] or [""]
            click.echo(f"{event.id}  {event.created_at:%Y-%m-%d %H:%M}Z  {event.name}  {event.org_path}  {last[0]}")
    click.echo(f"Set aside: {len(found)}{' or more' if len(found) == MOST_LISTED else ''}.")


@events.command()
@click.argument("identifiers", nargs=-1, type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="All that were set aside.")
def retry(identifiers: tuple[UUID, ...], everything: bool) -> None:
    """Deliver events again, by their identifiers."""
    if not identifiers and not everything:
        raise click.UsageError("Name events, or say --all.")
    with _operating() as ctx:
        count = deliver_again(ctx, None if everything else identifiers)
    click.echo(f"To be delivered again: {count}.")


def set_aside(ctx: Context) -> Sequence[OutboxEvent]:
    """Events that were set aside, oldest first, at most `MOST_LISTED`."""
    return ctx.session.scalars(
        select(OutboxEvent)
        .where(OutboxEvent.set_aside_at.is_not(None))
        .order_by(OutboxEvent.position)
        .limit(MOST_LISTED)
    ).all()


def deliver_again(ctx: Context, identifiers: Sequence[UUID] | None) -> int:
    """Put events back among those that wait; they come after what has been delivered meanwhile.

    :param identifiers: which ones; None for all. :return: how many there were.
    """
    statement = select(OutboxEvent).where(OutboxEvent.set_aside_at.is_not(None)).with_for_update()
    if identifiers is not None:
        statement = statement.where(OutboxEvent.id.in_(identifiers))
    found = ctx.session.scalars(statement).all()
    for event in found:
        event.set_aside_at, event.tries = None, 0
        record(ctx, "tasks.event.retry", Subject("event", str(event.id), event.name), org=event.org)
    return len(found)


@contextmanager
def _operating() -> Iterator[Context]:
    settings = Settings.from_env()
    with database_server(settings) as urls:
        database = Database(urls.app, pool_size=1, pooled_by_proxy=settings.pooled_by_proxy)
        try:
            with database.session(Whole("events that were set aside")) as session:
                yield Context(session, Actor(None, getuser(), "cli"), None, SystemClock(), f"cli-{uuid4().hex}")
                session.commit()
        finally:
            database.dispose()
