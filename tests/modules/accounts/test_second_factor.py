"""The second factor, from setting it up to losing the phone; replay, drift and guessing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.scoped import NOWHERE
from banyan.modules.accounts import totp
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import RecoveryCode, SecondFactor, SignIn
from banyan.modules.accounts.services import second_factor
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, come_from, entries, person, set_up_factor, sign_in

WINDOW = timedelta(seconds=30)


@pytest.fixture
def someone(client: FlaskClient, world: World) -> tuple[Account, pyotp.TOTP, list[str]]:
    account = person(world, world.org(code="jl"), "li.ming")
    sign_in(client, "li.ming")
    return account, *set_up_factor(client, world)


def second(client: FlaskClient, code: str, **more: str) -> int:
    return client.post("/sign-in/code", data={"code": code, **more}).status_code


@pytest.mark.clause("ACC-04")
def test_after_setting_up_the_password_alone_opens_nothing(
    app: Banyan, world: World, clock: FixedClock, someone: Any
) -> None:
    _account, device, _codes = someone
    browser = come_from(app.test_client(), "10.9.9.9")
    answer = sign_in(browser, "li.ming", next="/me/sessions")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/code?next=/me/sessions")
    assert browser.get("/me").status_code == 303, "nobody is signed in yet"
    clock.instant += WINDOW
    assert second(browser, "000000") == 422
    page = browser.post("/sign-in/code", data={"code": device.at(clock.now()), "next": "/me/sessions"})
    assert (page.status_code, page.headers["Location"]) == (303, "/me/sessions")
    assert browser.get("/me/sessions").status_code == 200
    assert [row.outcome for row in world.session.scalars(select(SignIn).order_by(SignIn.id))] == [
        "in",
        "code_wrong",
        "in",
    ]


@pytest.mark.clause("ACC-04")
def test_a_code_is_taken_once(app: Banyan, world: World, clock: FixedClock, someone: Any) -> None:
    _account, device, _codes = someone
    first, again = come_from(app.test_client(), "10.0.0.8"), come_from(app.test_client(), "10.0.0.9")
    for browser in (first, again):
        sign_in(browser, "li.ming")
    assert second(first, device.at(clock.now())) == 422, "the code of setting it up was taken"
    clock.instant += WINDOW
    code = device.at(clock.now())
    assert second(first, code) == 303
    assert second(again, code) == 422, "replay in the same window"
    clock.instant += WINDOW
    assert second(again, code) == 422, "and in the next one"


@pytest.mark.clause("ACC-04")
def test_of_two_with_one_code_at_the_same_moment_one_gets_in(
    app: Banyan, world: World, clock: FixedClock, someone: Any
) -> None:
    account, device, codes = someone
    clock.instant += WINDOW
    for code in (device.at(clock.now()), codes[0]):
        taken: list[bool] = []
        barrier = threading.Barrier(4)

        def take(code: str, barrier: threading.Barrier, taken: list[bool]) -> None:
            with app.test_request_context(), app.extensions["banyan.runtime"].db.session(NOWHERE) as session:
                ctx = world.context(account)
                ctx.session.close()
                ctx = type(ctx)(session, ctx.actor, None, clock, "test")
                barrier.wait()
                taken.append(second_factor.take(ctx, account, code))
                session.commit()

        threads = [threading.Thread(target=take, args=(code, barrier, taken)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == [False, False, False, True]


@given(st.integers(0, 4_000_000_000), st.integers(-3, 3))
def test_clocks_may_differ_by_one_window(seconds: int, windows: int) -> None:
    now = datetime.fromtimestamp(seconds + 300, UTC)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    code = pyotp.TOTP(secret).at(now + windows * WINDOW)
    found = totp.matching_step(secret, code, now, 0)
    if abs(windows) <= 1:
        assert found is not None
        assert totp.matching_step(secret, code, now, found) != found
    elif found is not None:
        assert code in {pyotp.TOTP(secret).at(now + n * WINDOW) for n in (-1, 0, 1)}, "two windows may share a code"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６７", "12 34 5x", "\x00" * 6])
def test_what_is_no_code_matches_nothing(typed: str, world: World) -> None:
    assert totp.matching_step("JBSWY3DPEHPK3PXP", typed, world.clock.now(), 0) is None


@pytest.mark.clause("ACC-04")
def test_a_recovery_code_stands_in_for_the_phone_once(app: Banyan, world: World, someone: Any) -> None:
    _account, _device, codes = someone
    browser = come_from(app.test_client(), "10.0.0.8")
    sign_in(browser, "li.ming")
    assert second(browser, codes[3].upper().replace("-", " ")) == 303
    assert "9" in browser.get("/me/security").text
    assert len(entries(world, "accounts.recovery_codes.use")) == 1
    other = come_from(app.test_client(), "10.0.0.9")
    sign_in(other, "li.ming")
    assert second(other, codes[3]) == 422
    assert codes[0].replace("-", "").encode() not in b"".join(world.session.scalars(select(RecoveryCode.code_hash)))


def test_guessing_codes_is_paused_without_shutting_the_owner_out(
    app: Banyan, world: World, someone: Any, client: FlaskClient, clock: FixedClock
) -> None:
    _account, device, _codes = someone
    thief = come_from(app.test_client(), "203.0.113.5")
    sign_in(thief, "li.ming")
    clock.instant += WINDOW
    assert [second(thief, f"{number:06d}") for number in range(5)] == [422] * 5
    assert second(thief, device.at(clock.now())) == 422, "the sixth is not tried, right or not"
    sign_in(client, "li.ming")
    assert second(client, device.at(clock.now())) == 303


def test_a_trusted_browser_is_not_asked_again_for_thirty_days(app: Banyan, clock: FixedClock, someone: Any) -> None:
    _account, device, _codes = someone
    browser = app.test_client()
    sign_in(browser, "li.ming")
    clock.instant += WINDOW
    assert second(browser, device.at(clock.now()), trust="true") == 303
    clock.instant += timedelta(days=29)
    assert sign_in(browser, "li.ming").headers["Location"] == "/"
    clock.instant += timedelta(days=2)
    assert "/sign-in/code" in sign_in(browser, "li.ming").headers["Location"]


def test_the_first_step_does_not_outlive_ten_minutes_or_the_password(
    app: Banyan, world: World, clock: FixedClock, someone: Any
) -> None:
    account, device, _codes = someone
    browser = app.test_client()
    sign_in(browser, "li.ming")
    clock.instant += timedelta(minutes=11)
    assert second(browser, device.at(clock.now())) == 422
    sign_in(browser, "li.ming")
    world.session.refresh(account)
    account.password_hash = None
    world.session.commit()
    assert second(browser, device.at(clock.now())) == 422
    browser.set_cookie("banyan_step", "made-up", path="/sign-in")
    assert second(browser, device.at(clock.now())) == 422


def test_the_secret_lies_sealed_in_the_database(world: World, someone: Any) -> None:
    account, device, _codes = someone
    factor = world.session.get(SecondFactor, account.id)
    assert factor is not None
    assert device.secret.encode() not in factor.sealed


@pytest.mark.clause("ACC-04")
def test_a_stolen_session_alone_can_do_nothing_dangerous(client: FlaskClient, clock: FixedClock, someone: Any) -> None:
    _account, device, _codes = someone
    clock.instant += timedelta(minutes=11)
    for path, data in (
        ("/me/second-factor/remove", {}),
        ("/me/second-factor/codes", {}),
        ("/me/tokens", {"name": "mine"}),
    ):
        answer = client.post(path, data=data)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/me/confirm"), path
    assert client.post("/me/confirm", data={"password": PASSWORD}).status_code == 422, "the code is wanted as well"
    wrong = client.post("/me/confirm", data={"password": "a guess", "code": device.at(clock.now())})
    assert wrong.status_code == 422
    code = device.at(clock.now())
    answer = client.post("/me/confirm", data={"password": PASSWORD, "code": code, "next": "/me/security"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/security")
    assert client.post("/me/second-factor/remove").status_code == 303
    assert client.post("/me/second-factor/remove").status_code == 409


def test_who_has_to_confirm_first_comes_back_to_the_page_with_the_button(world: World, clock: FixedClock) -> None:
    browser = world.sign_in(world.admin(world.org(code="place")))
    clock.instant += timedelta(minutes=11)
    for before, after in (
        ("http://localhost/me/security", "/me/confirm?next=/me/security"),
        ("http://elsewhere.example/me/security", "/me/confirm"),
        ("http://localhost/me/second-factor", "/me/confirm"),
    ):
        answer = browser.post("/me/second-factor", headers={"Referer": before})
        assert (answer.status_code, answer.headers["Location"].replace("%2F", "/")) == (303, after)
