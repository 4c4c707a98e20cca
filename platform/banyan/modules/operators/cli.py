"""`banyan maintenance`: announce, begin and end it from the shell, also where nobody can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from getpass import getuser
from uuid import uuid4

import click
from flask import Flask
from flask_babel import force_locale

from banyan.kernel import i18n
from banyan.kernel.clock import SHANGHAI, SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.errors import DomainError
from banyan.kernel.i18n import lazy
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.operators.services import windows

MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
USUAL = lazy("You can read, but not change anything for a while. Send what you typed once it is over.")


@click.group("maintenance")
def commands() -> None:
    """Announce, begin and end maintenance, during which nothing but operators writes."""


@commands.command()
@click.option("--from", "begins", type=MOMENT, required=True, help="Beijing time, for instance '2026-03-01 22:00'.")
@click.option("--until", "ends", type=MOMENT, required=True)
@click.option("--effects", default="", help="What it means for people, in simplified Chinese.")
@click.option("--zh-hant", default="", help="The same in traditional Chinese.")
@click.option("--en", default="", help="The same in English.")
def announce(begins: datetime, ends: datetime, effects: str, zh_hant: str, en: str) -> None:
    """Tell everybody of maintenance that is to come."""
    with _operating("announcing maintenance") as ctx:
        data = {
            "begins_at": begins.replace(tzinfo=SHANGHAI),
            "ends_at": ends.replace(tzinfo=SHANGHAI),
            "effects": _effects(effects, zh_hant, en),
        }
        _say("Announced", windows.announce(ctx, data))


@commands.command()
@click.option("--minutes", type=click.IntRange(1, 7 * 24 * 60), default=60, show_default=True)
@click.option("--effects", default="", help="What it means for people, in simplified Chinese.")
@click.option("--zh-hant", default="", help="The same in traditional Chinese.")
@click.option("--en", default="", help="The same in English.")
def begin(minutes: int, effects: str, zh_hant: str, en: str) -> None:
    """Begin what was announced now, or, where nothing was, maintenance of so many minutes."""
    with _operating("beginning maintenance") as ctx:
        found, now = windows.running_or_next(ctx), ctx.clock.now()
        if found is not None:
            _say("Begun", windows.begin(ctx, found.id))
            return
        words = _effects(effects, zh_hant, en)
        data = {"begins_at": now, "ends_at": now + timedelta(minutes=minutes), "effects": words}
        _say("Begun", windows.announce(ctx, data))


@commands.command()
def end() -> None:
    """End what runs, or call off what was announced next."""
    with _operating("ending maintenance") as ctx:
        found = windows.running_or_next(ctx)
        if found is None:
            raise click.ClickException("No maintenance runs, and none was announced.")
        windows.end(ctx, found.id)
        click.echo("It is over. Every process knows within two seconds.")


def _effects(*said: str) -> dict[str, str]:
    """What was said, by language; the usual words where nothing was."""
    if any(said):
        return dict(zip(i18n.LANGUAGES, said, strict=True))
    usual = {}
    for name in i18n.LANGUAGES:
        with force_locale(name):
            usual[name] = str(USUAL)
    return usual


def _say(what: str, window: ServiceWindow) -> None:
    begins, ends = (moment.astimezone(SHANGHAI) for moment in (window.begins_at, window.ends_at))
    click.echo(f"{what}: {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M}, Beijing time.")


@contextmanager
def _operating(reason: str) -> Iterator[Context]:
    """A context over everything, committed when the block ends well. Reasons are said in English."""
    speaking = Flask(__name__)
    i18n.init_app(speaking, [])
    settings = Settings.from_env()
    with speaking.app_context(), force_locale("en"), database_server(settings) as urls:
        database = Database(urls.app, pool_size=2, pooled_by_proxy=settings.pooled_by_proxy)
        try:
            with database.session(Whole(reason)) as session:
                yield Context(session, Actor(None, getuser(), "cli"), None, SystemClock(), f"cli-{uuid4().hex}")
                session.commit()
        except DomainError as error:
            raise click.ClickException(str(error)) from error
        finally:
            database.dispose()
