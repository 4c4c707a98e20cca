"""Guessing is slow, and nobody can be locked out by somebody else's guesses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.errors import TooManyTries
from banyan.kernel.values import NOBODY
from banyan.modules.accounts.services import guard, passwords, throttle
from banyan.modules.accounts.services.devices import Standing
from banyan.modules.accounts.services.visitors import Visitor
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, come_from, entries, person, sign_in

WRONG = "not the password at all"
OWNER, ELSEWHERE = Standing(device=None, near=True), Standing()


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords compared without the hash's deliberate cost: here it is the counting that is looked at."""
    monkeypatch.setattr(passwords, "verified", lambda kept, typed: kept is not None and typed == PASSWORD)


@pytest.mark.clause("ACC-04")
def test_fifty_addresses_neither_get_in_nor_keep_the_owner_out(
    app: Banyan, world: World, clock: FixedClock, cheap: None
) -> None:
    person(world, world.org(), "li.ming")
    office = come_from(app.test_client(), "10.1.1.1")
    assert sign_in(office, "li.ming").status_code == 303
    clock.instant += timedelta(days=3)
    tried = 0
    for number in range(50):
        stranger = come_from(app.test_client(), f"203.0.113.{number}")
        for _ in range(6):
            before = len(entries(world, "accounts.session.create"))
            sign_in(stranger, "li.ming", WRONG)
            tried += len(entries(world, "accounts.session.create")) - before
        if number > 5:
            break
    assert tried == 20, "all strangers together have twenty tries in fifteen minutes"
    late = come_from(app.test_client(), "203.0.113.200")
    assert sign_in(late, "li.ming").status_code == 422, "also with the right password, a stranger waits"
    assert sign_in(office, "li.ming").status_code == 303, "the owner's browser is not shut out"
    new_phone = come_from(app.test_client(), "10.1.1.1", "Mozilla/5.0 (iPhone) Safari/604")
    assert sign_in(new_phone, "li.ming").status_code == 303, "nor is a new one at a known address"


@pytest.mark.clause("ACC-04")
def test_a_known_browser_is_paused_by_its_own_failures_alone(
    client: FlaskClient, world: World, clock: FixedClock, cheap: None
) -> None:
    person(world, world.org(), "li.ming")
    come_from(client, "10.1.1.1")
    assert sign_in(client, "li.ming").status_code == 303
    for _ in range(10):
        sign_in(client, "li.ming", WRONG)
    assert sign_in(client, "li.ming").status_code == 422
    assert entries(world, "accounts.account.lock")
    clock.instant += timedelta(minutes=15, seconds=1)
    assert sign_in(client, "li.ming").status_code == 303


def test_a_value_planted_in_a_browser_makes_no_known_browser(app: Banyan, world: World, cheap: None) -> None:
    person(world, world.org(), "li.ming")
    mine = come_from(app.test_client(), "10.1.1.1")
    sign_in(mine, "li.ming")
    name = next(cookie.key for cookie in mine._cookies.values() if cookie.key.startswith("banyan_device_"))
    stranger = come_from(app.test_client(), "203.0.113.1")
    stranger.set_cookie(name, "planted", path="/sign-in")
    for _ in range(5):
        sign_in(stranger, "li.ming", WRONG)
    assert sign_in(stranger, "li.ming").status_code == 422, "five tries, as for any stranger"


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1)), min_size=1, max_size=60))
def test_strangers_never_have_more_than_twenty_tries_and_never_touch_the_owners_count(
    app: Banyan, world: World, tries: list[tuple[int, int]]
) -> None:
    session = app.extensions["banyan.runtime"].db.session(NOWHERE)
    with app.app_context(), session:
        ctx = Context(session, NOBODY, None, world.clock, "test")
        allowed = 0
        for address, network in tries:
            visitor = Visitor(f"198.51.{network}.{address}", "")
            try:
                with session.begin_nested():
                    guard.reserve(ctx, "li.ming", visitor, ELSEWHERE)
                allowed += 1
            except TooManyTries:
                pass
        assert allowed <= throttle.BY_STRANGERS.failures
        owner = guard.reserve(ctx, "li.ming", Visitor("10.1.1.1", ""), OWNER)
        assert [one.failures for one in owner] == [1]
        session.rollback()


def test_while_very_many_fail_everywhere_strangers_have_half_as_many_tries(app: Banyan, world: World) -> None:
    session = app.extensions["banyan.runtime"].db.session(NOWHERE)
    with app.app_context(), session:
        ctx = Context(session, NOBODY, None, world.clock, "test")
        for bucket in range(guard.BUCKETS):
            for _ in range(throttle.EVERYWHERE.failures):
                throttle.reserve(ctx, throttle.EVERYWHERE, str(bucket))
        visitor = Visitor("203.0.113.9", "")
        for _ in range(2):
            guard.reserve(ctx, "li.ming", visitor, ELSEWHERE)
        with pytest.raises(TooManyTries):
            guard.reserve(ctx, "li.ming", visitor, ELSEWHERE)
        for _ in range(5):
            guard.reserve(ctx, "li.ming", Visitor("10.1.1.1", ""), OWNER)
        session.rollback()
