"""Events on their way to the modules: in order, at least once, nobody held up by a neighbour's trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.cli.events import deliver_again, set_aside
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Subtree, Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.events import KEPT_DAYS, MAX_TRIES, Event, OutboxEvent, publish
from banyan.kernel.values import Actor
from banyan.modules.tenancy.models import Org
from banyan.plugins import delivery, enablement, manager
from banyan.plugins.delivery import due_at
from tests.factories import World
from tests.plugins.banyan_guestbook import plugin as guestbook
from tests.plugins.banyan_guestbook.models import Entry

Deliver = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Rang(Event):
    """The bell rang."""

    NAME: ClassVar[str] = "test.bell.rang"
    number: int


@pytest.fixture
def orgs(world: World, session: ScopedSession) -> list[Org]:
    """Two organisations with a guestbook and one without."""
    root = world.org(code="root")
    found = [world.org(root, code) for code in ("one", "two", "three")]
    for org in found[:2]:
        enablement.set_switch(session, org.ref, "guestbook", on=True, by=None, at=world.clock.now())
    session.commit()
    return found


@pytest.fixture
def deliver(app: Banyan, db: Database, clock: FixedClock) -> Deliver:
    """One run of the periodic job."""

    def run() -> None:
        with app.app_context(), db.session(Whole("test")) as session:
            delivery.deliver(db, manager.current(), Context(session, Actor(None, "", "job"), None, clock, "job"))
            session.commit()

    return run


def ring(db: Database, clock: FixedClock, org: Org, *numbers: int) -> None:
    with db.session(Subtree(org.ref)) as session:
        ctx = Context(session, Actor(None, "", "job"), org.ref, clock, "test")
        for number in numbers:
            publish(ctx, org.ref, Rang(number))
            session.flush()
        session.commit()


def heard(session: ScopedSession, org: Org) -> int:
    session.expire_all()
    return len(session.scalars(select(Entry).where(Entry.org_id == org.id)).all())


def test_events_reach_modules_that_are_on_there_once_and_in_order(
    db: Database,
    clock: FixedClock,
    orgs: list[Org],
    deliver: Deliver,
    session: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[str, int]] = []
    real = guestbook.banyan_on_event

    def listen(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
        told.append((ctx.here.path, payload["number"]))
        real(ctx, name, event_id, payload)

    monkeypatch.setattr(guestbook, "banyan_on_event", listen)
    for org in orgs:
        ring(db, clock, org, 1, 2, 3)

    deliver()
    deliver()

    one, two, three = (org.path for org in orgs)
    assert [entry for entry in told if entry[0] == one] == [(one, 1), (one, 2), (one, 3)]
    assert [entry for entry in told if entry[0] == two] == [(two, 1), (two, 2), (two, 3)]
    assert three not in {path for path, _number in told}
    assert [heard(session, org) for org in orgs] == [3, 3, 0]
    assert not session.scalars(select(OutboxEvent).where(OutboxEvent.delivered_at.is_(None))).all()


def test_a_failing_event_holds_up_its_own_organisation_alone_until_it_is_set_aside(
    db: Database,
    clock: FixedClock,
    orgs: list[Org],
    deliver: Deliver,
    session: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two, _three = orgs
    real = guestbook.banyan_on_event

    def listen(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
        real(ctx, name, event_id, payload)
        if ctx.here.id == one.id and payload["number"] == 1:
            raise RuntimeError("the ink is dry")

    monkeypatch.setattr(guestbook, "banyan_on_event", listen)
    ring(db, clock, one, 1, 2)
    ring(db, clock, two, 1)

    deliver()
    assert [heard(session, org) for org in (one, two)] == [0, 1]

    for _ in range(MAX_TRIES - 1):
        assert heard(session, one) == 0
        clock.instant += timedelta(hours=3)
        deliver()

    first, second = session.scalars(
        select(OutboxEvent).where(OutboxEvent.org_id == one.id).order_by(OutboxEvent.position)
    ).all()
    assert (first.tries, first.delivered_at) == (MAX_TRIES, None)
    assert first.last_error == "guestbook: RuntimeError: the ink is dry"
    assert first.set_aside_at == clock.now()
    assert second.delivered_at is not None
    assert heard(session, one) == 1

    monkeypatch.setattr(guestbook, "banyan_on_event", real)
    operator = Context(session, Actor(None, "root", "cli"), None, clock, "cli")
    assert [event.id for event in set_aside(operator)] == [first.id]
    assert deliver_again(operator, [first.id]) == 1
    session.commit()
    deliver()
    assert heard(session, one) == 2


def test_between_tries_an_event_rests(
    db: Database,
    clock: FixedClock,
    orgs: list[Org],
    deliver: Deliver,
    session: ScopedSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(guestbook, "banyan_on_event", fail)
    ring(db, clock, orgs[0], 1)
    for _ in range(5):
        deliver()
    assert session.scalars(select(OutboxEvent.tries)).one() == 1


def test_an_event_that_comes_twice_is_written_once(
    db: Database, clock: FixedClock, orgs: list[Org], deliver: Deliver, session: ScopedSession
) -> None:
    ring(db, clock, orgs[0], 1)
    deliver()
    session.scalars(select(OutboxEvent)).one().delivered_at = None
    session.commit()

    deliver()

    assert heard(session, orgs[0]) == 1


def test_old_events_are_forgotten_and_waiting_ones_kept(
    db: Database, clock: FixedClock, orgs: list[Org], deliver: Deliver, session: ScopedSession
) -> None:
    ring(db, clock, orgs[0], 1)
    deliver()
    ring(db, clock, orgs[0], 2)
    clock.instant += timedelta(days=KEPT_DAYS + 1)

    delivery.forget(Context(session, Actor(None, "", "job"), None, clock, "job"))
    session.commit()

    assert [row.payload["number"] for row in session.scalars(select(OutboxEvent))] == [2]


@given(st.integers(0, MAX_TRIES - 1))
def test_pauses_grow(tries: int) -> None:
    written = datetime(2026, 1, 1, tzinfo=UTC)
    assert due_at(written, 0) == written
    assert due_at(written, tries + 1) - written >= 2 * (due_at(written, tries) - written)
