"""What the audit log costs a write: an organisation edited through the service, with its commit.

Both sides take turns on the same rows of the same database. Without the log, `record` does nothing where the service
calls it; all else is the same, the event of the outbox among it. CPU time of this process and of its database
connection is counted, not wall time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from statistics import median
from typing import Any

import psutil
from sqlalchemy import select, text

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor, Decision
from banyan.modules.access import policy
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_UPDATE
from banyan.modules.tenancy.services import organisations
from tests.bench.audit_world import BUSY, COUNTRY, AuditWorld
from tests.bench.report import Report
from tests.factories import World

LIMIT = 1.15
TURNS, EACH = 20, 50


@dataclass(slots=True)
class Side:
    """CPU seconds and wall seconds of each turn."""

    cpu: list[float]
    wall: list[float]


def run(report: Report, made: AuditWorld) -> None:
    """Edit an organisation with and without the log."""
    app = create_app(Settings.from_env({"BANYAN_HOME": str(made.home / "writing")}), app_url=made.urls.app)
    with app.app_context():
        actor = _administrator(app)
        _compare(report, app, actor, "edited", _edit)
    app.extensions["banyan.runtime"].db.dispose()


def _compare(report: Report, app: Banyan, actor: Actor, name: str, write: Callable[[Context, int], None]) -> None:
    database: Database = app.extensions["banyan.runtime"].db
    sides = {True: Side([], []), False: Side([], [])}
    numbers = count()
    with database.engine.connect() as connection:
        backend = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        connection.rollback()

        def once() -> None:
            with database.session(Whole("the bench writes"), on=connection) as session:
                now = datetime.now(UTC)
                decision = Decision(True, "allowed", actor.grants[0], "org_admin", actor.policy.version)
                place = session.scalars(select(Org).where(Org.code == BUSY)).one().ref
                write(Context(session, actor, place, FixedClock(now), "bench", decision), next(numbers))
                session.commit()

        for turn in range(TURNS + 2):
            for logged in (True, False) if turn % 2 else (False, True):
                with _log(logged):
                    spent = _spent(backend, once)
                if turn >= 2:
                    sides[logged].cpu.append(spent[0])
                    sides[logged].wall.append(spent[1])
    _tell(report, name, sides)


def _tell(report: Report, name: str, sides: dict[bool, Side]) -> None:
    with_log, without = (sum(sides[logged].cpu) / EACH / TURNS * 1e6 for logged in (True, False))
    wall = median(sides[True].wall) / median(sides[False].wall)
    told = f"CPU {with_log:,.0f} µs against {without:,.0f} µs; wall {wall:.2f}×"
    report.at_most(f"audit: an organisation {name}, with / without the log", with_log / without, LIMIT, told)


def _spent(backend: psutil.Process, once: Callable[[], None]) -> tuple[float, float]:
    before, start, wall = backend.cpu_times(), time.process_time(), time.perf_counter()
    for _number in range(EACH):
        once()
    after = backend.cpu_times()
    database = after.user + after.system - before.user - before.system
    return time.process_time() - start + database, time.perf_counter() - wall


@contextmanager
def _log(on: bool) -> Iterator[None]:
    """The services of organisations with the log, or with one that writes nothing."""
    written = organisations.record
    if not on:
        organisations.record = _nothing
    try:
        yield
    finally:
        organisations.record = written


def _nothing(*_args: Any, **_more: Any) -> None:
    """What is not recorded."""


def _administrator(app: Banyan) -> Actor:
    database: Database = app.extensions["banyan.runtime"].db
    now = datetime.now(UTC)
    with database.session(Whole("the bench arranges its administrator")) as session:
        people = World(app, session, FixedClock(now))
        account = people.admin(session.scalars(select(Org).where(Org.code == COUNTRY)).one())
        grants, snapshot = policy.authority(session, policy.store(), account.id, now)
        return Actor(account.id, account.sign_in_name, "session", account.org, grants, snapshot, "127.0.0.1")


def _edit(ctx: Context, number: int) -> None:
    org = organisations.find(ctx, ORG_UPDATE.name, f"{BUSY}-1")
    data = {key: getattr(org, key) for key in organisations.EDITABLE}
    data |= {"phone": f"0431-{number:08}", "person_in_charge": f"负责人{number}", "version": org.version}
    organisations.update(ctx, org, data)
