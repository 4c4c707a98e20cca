"""A whole platform for tests: its tables, its application, a clock that stands still, and things to act with."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from flask_babel import force_locale
from sqlalchemy import select

from banyan.app import CORE, create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.urls import Urls
from banyan.kernel.jobs import LongTask
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor, SettingValue
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.accounts.services.behalf import actor_of
from banyan.modules.operators.services import standing
from banyan.modules.stats import services as figures
from banyan.plugins import delivery, enablement, manager
from banyan.plugins import settings as laid_down
from banyan.plugins.manager import Plugins
from banyan.testing import database
from banyan.testing.world import World

NOW = datetime(2026, 2, 12, 2, 0, tzinfo=UTC)
"""Thursday 12 February 2026, 10:00 in Shanghai: the Spring Festival is near."""


def plain_tracebacks() -> None:
    """Log failures as the platform does: structlog's own default draws every local variable, for seconds."""
    *others, _last = structlog.get_config()["processors"]
    drawn = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, drawn])


@dataclass
class Installation:
    """A platform with plugins in it.

    :ivar app: the WSGI application. :ivar urls: addresses of its database, of the owner and of the application.
    """

    app: Banyan
    urls: Urls
    clock: FixedClock
    emptying: str

    @property
    def plugins(self) -> Plugins:
        found = self.app.extensions["banyan.plugins"]
        assert isinstance(found, Plugins)
        return found

    @contextmanager
    def world(self) -> Iterator[World]:
        """Things to act with; every table is empty again after the block."""
        try:
            with self.app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
                yield World(self.app, session, self.clock)
        finally:
            self.empty()

    def switch_on(self, world: World, org: Any, *modules: str) -> None:
        """Switch modules on at ``org``, with all that they need."""
        waiting, names = list(modules), set()
        while waiting:
            name = waiting.pop()
            names.add(name)
            waiting += [wanted for wanted in self.plugins.needs(name) if wanted not in names]
        for name in names - self.plugins.always_on:
            enablement.set_switch(world.session, org.ref, name, on=True, by=None, at=self.clock.now())
        world.session.commit()

    def lay_down(self, world: World, org: Any, key: str, wanted: SettingValue) -> None:
        """Lay a setting down at ``org``, for it and all below."""
        laid_down.set_value(world.session, self.plugins, org.ref, key, wanted, by=None, at=self.clock.now())
        world.session.commit()

    def deliver(self) -> None:
        """Deliver the events that wait, and do the long tasks that follow, as a worker does."""
        held = self.app.extensions["banyan.runtime"]
        with self.app.app_context(), held.db.session(Whole("test")) as session:
            ctx = Context(session, Actor(None, "deliver", "job"), None, self.clock, "test")
            delivery.deliver(held.db, self.plugins, ctx)
            session.commit()
            waiting = session.scalars(select(LongTask.id).where(LongTask.state == "queued")).all()
        jobs = Runner(held.db, held.clock, held.store, held.jobs, actor_of, threading.Event(), self._scene)
        for task in waiting:
            run_long_task(jobs, task)

    @contextmanager
    def _scene(self, language: str) -> Iterator[None]:
        with self.app.app_context(), force_locale(language):
            yield

    def fold(self, world: World) -> None:
        """Add up what has been counted, as the job does."""
        ctx = Context(world.session, Actor(None, "fold", "job"), None, self.clock, "test")
        figures.fold_all(ctx)
        world.session.commit()

    def empty(self) -> None:
        """Take everything out of every table."""
        with psycopg.connect(self.urls.owner, autocommit=True) as owner:
            owner.execute(self.emptying.encode())
        self.app.extensions[standing.KEY].forget()


@contextmanager
def installation(
    extra: Mapping[str, Any] | None = None, *, server: Urls | None = None, home: Path | None = None
) -> Iterator[Installation]:
    """A platform with the installed plugins and those of ``extra`` (name → object with the hooks).

    :param server: addresses of a PostgreSQL server; one is started where none is given.
    :param home: where files are kept; a temporary folder where none is given.
    :raises RuntimeError: a plugin could not be migrated.
    """
    plain_tracebacks()
    if server is None:
        with database.server() as own, installation(extra, server=own, home=home) as found:
            yield found
        return
    with (
        tempfile.TemporaryDirectory(prefix="banyan-") as folder,
        database.fresh_database(server, f"banyan_{uuid4().hex[:12]}", manager.load(CORE, extra)) as urls,
    ):
        clock = FixedClock(NOW)
        # A plugin with many views is asked more in a minute than any client may ask.
        unlimited = {f"BANYAN_API_{name}": "0" for name in ("REQUESTS", "WRITES", "STRANGERS")}
        settings = Settings.from_env({"BANYAN_HOME": str(home or folder), "BANYAN_POOL_SIZE": "8", **unlimited})
        app = create_app(settings, app_url=urls.app, clock=clock, extra=extra)
        app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
        try:
            yield Installation(app, urls, clock, database.emptying(urls.owner))
        finally:
            app.extensions["banyan.runtime"].db.dispose()
