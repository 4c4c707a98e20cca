"""`banyan stats`: figures of subtrees."""

from __future__ import annotations

from getpass import getuser
from uuid import uuid4

import click

from banyan.boundary import Banyan
from banyan.kernel.clock import SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.runtime import runtime
from banyan.kernel.settings import Settings
from banyan.kernel.treepath import upper
from banyan.kernel.values import Actor
from banyan.modules.audit.services import Subject, record
from banyan.modules.stats.services import rebuild as replace_figures
from banyan.modules.tenancy.services import place as places
from banyan.plugins import manager


@click.group()
def stats() -> None:
    """Figures of subtrees."""


@stats.command()
@click.argument("code")
def rebuild(code: str) -> None:
    """Count the figures of the organisation CODE and of all below it anew, from what every module holds."""
    settings = Settings.from_env()
    with database_server(settings) as urls:
        from banyan.app import create_app

        app = create_app(settings, app_url=urls.app)
        written = rebuild_figures(app, code)
    click.echo(f"Figures written: {written}.")


def rebuild_figures(app: Banyan, code: str) -> int:
    """Rebuild from one state of the database; what commits meanwhile is folded afterwards as usual.

    :return: how many figures were written. :raises ClickException: there is no such organisation.
    """
    with app.app_context(), runtime().db.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        with runtime().db.session(Whole("counting figures anew"), on=connection) as session:
            place = places.by_code(session, code)
            if place is None:
                raise click.ClickException(f"There is no organisation with the code {code!r}.")
            actor = Actor(None, getuser(), "cli")
            ctx = Context(session, actor, place.ref, SystemClock(), f"cli-{uuid4().hex}")
            plugins, lo, hi = manager.current(), place.path, upper(place.path)
            found = [
                plugins.tell("banyan_stats", name, ctx=ctx, org=place.ref, lo=lo, hi=hi)
                for name in sorted(plugins.implementing("banyan_stats"))
            ]
            written = replace_figures(ctx, found, place.ref)
            record(ctx, "stats.figure.rebuild", Subject("org", str(place.id), place.name), after={"written": written})
            session.commit()
    return written
