"""Signing in and out, over HTTP as a browser does."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.values import NOBODY
from banyan.modules.accounts.models import Account, AccountSession, Throttle
from banyan.modules.accounts.services import identity, passwords, throttle
from banyan.modules.audit.models import AuditEntry
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, entries, person, sign_in

WRONG = "not the password at all"


def test_a_right_password_opens_the_console(client: FlaskClient, world: World) -> None:
    account = person(world, world.org(code="jl"), "li.ming")
    answer = sign_in(client, " LI.Ming ", next="/me")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/me").status_code == 200
    world.session.refresh(account)
    assert account.last_sign_in_at == world.clock.now()
    assert account.version == 1, "signing in is no edit of the account"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, world: World, target: str) -> None:
    person(world, world.org(), "li.ming")
    assert sign_in(client, "li.ming", next=target).headers["Location"] == "/"


def test_unknown_names_and_wrong_passwords_are_answered_alike(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    person(world, world.org(), "wang.fang", status="suspended")
    world.account(world.org(), "nopassword")
    answers = [
        sign_in(client, name, WRONG) for name in ("li.ming", "nobody.here", "wang.fang", "nopassword", "x y", "é")
    ]
    assert {answer.status_code for answer in answers} == {422}
    said = {answer.text.split('role="alert"')[1].split("</ul>")[0] for answer in answers}
    assert len(said) == 1
    assert not client.get_cookie(identity.SESSION_COOKIE)
    assert WRONG not in "".join(answer.text for answer in answers)


def test_an_unknown_name_costs_a_verification_too(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(world, world.org(), "li.ming")
    verified: list[str | None] = []
    real = passwords.verified
    monkeypatch.setattr(passwords, "verified", lambda kept, typed: verified.append(kept) or real(kept, typed))
    hashes: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, h, p: hashes.append(h) or verify(self, h, p))
    sign_in(client, "nobody.here", WRONG)
    sign_in(client, "li.ming", WRONG)
    assert verified[0] is None
    assert len(hashes) == 2, "an unknown name is verified against a decoy"
    assert hashes[0].split("$")[:4] == hashes[1].split("$")[:4], "with the same parameters"


def test_a_suspended_account_with_its_password_is_told_so(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "wang.fang", status="suspended")
    answer = sign_in(client, "wang.fang")
    assert answer.status_code == 422
    assert not client.get_cookie(identity.SESSION_COOKIE)
    assert [entry.outcome for entry in entries(world, "accounts.session.create")] == ["failed"]


@pytest.mark.parametrize("name", ["li.ming", "nobody.here"])
def test_five_failures_pause_a_name_whether_it_exists_or_not(
    client: FlaskClient, world: World, clock: FixedClock, name: str
) -> None:
    home = world.org()
    person(world, home, "li.ming")
    said = [sign_in(client, name, WRONG).text for _ in range(5)]
    paused = sign_in(client, name)
    assert paused.status_code == 422
    assert paused.text != said[0]
    locked = entries(world, "accounts.account.lock")
    assert [entry.org_id for entry in locked] == [home.id if name == "li.ming" else None]
    failed = entries(world, "accounts.session.create")
    assert len(failed) == 5, "tries during a pause are not tried"
    assert {entry.org_id for entry in failed} == {home.id if name == "li.ming" else None}
    clock.instant += timedelta(minutes=15, seconds=1)
    assert sign_in(client, "li.ming").status_code == 303


def test_success_resets_the_failures_of_the_name(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    for _round in range(2):
        for _ in range(4):
            sign_in(client, "li.ming", WRONG)
        assert sign_in(client, "li.ming").status_code == 303


def test_failures_long_ago_do_not_count(client: FlaskClient, world: World, clock: FixedClock) -> None:
    person(world, world.org(), "li.ming")
    for _ in range(4):
        sign_in(client, "li.ming", WRONG)
    clock.instant += timedelta(minutes=16)
    sign_in(client, "li.ming", WRONG)
    assert sign_in(client, "li.ming").status_code == 303


def test_an_address_is_paused_after_thirty_failures_and_successes_do_not_count(app: Banyan, world: World) -> None:
    ctx = _context(app, world)
    with app.app_context(), ctx.session:
        for number in range(40):
            assert throttle.reserve(ctx, throttle.BY_ADDRESS, "10.0.0.1") == 1, number
            throttle.give_back(ctx, throttle.BY_ADDRESS, "10.0.0.1")
        counted = [throttle.reserve(ctx, throttle.BY_ADDRESS, "10.0.0.1") for _ in range(31)]
        assert counted == [*range(1, 31), None]
        assert throttle.reserve(ctx, throttle.BY_ADDRESS, "10.0.0.2") == 1
        ctx.session.commit()


def test_tries_at_the_same_moment_are_not_more_than_one_after_the_other(app: Banyan, world: World) -> None:
    counted: list[int | None] = []
    barrier = threading.Barrier(8)

    def attempt() -> None:
        with app.app_context():
            barrier.wait()
            ctx = _context(app, world)
            with ctx.session:
                counted.append(throttle.reserve(ctx, throttle.BY_NAME, "li.ming"))
                ctx.session.commit()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for n in counted if n is not None) == [1, 2, 3, 4, 5]
    assert counted.count(None) == 3


def _context(app: Banyan, world: World) -> Context:
    session = app.extensions["banyan.runtime"].db.session(NOWHERE)
    return Context(session, NOBODY, None, world.clock, "test")


def test_throttle_keeps_no_names(client: FlaskClient, world: World) -> None:
    sign_in(client, "li.ming", WRONG)
    keys = world.session.scalars(select(Throttle.key)).all()
    assert len(keys) == 4, "name and network, name, address, and the whole installation"
    assert all(len(key) == 32 for key in keys)


def test_an_old_hash_is_renewed_at_sign_in(client: FlaskClient, world: World) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    account = world.account(world.org(), "li.ming", password_hash=weak)
    assert sign_in(client, "li.ming").status_code == 303
    world.session.refresh(account)
    assert account.password_hash != weak
    assert not passwords.outdated(account.password_hash or "")
    assert sign_in(client, "li.ming").status_code == 303


def test_a_new_session_takes_the_place_of_the_browsers_old_one(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    first = client.get_cookie(identity.SESSION_COOKIE)
    assert first is not None
    sign_in(client, "li.ming")
    second = client.get_cookie(identity.SESSION_COOKIE)
    assert second is not None
    assert first.value != second.value
    kept = world.session.scalars(select(AccountSession).order_by(AccountSession.id)).all()
    assert [row.ended_at is None for row in kept] == [False, True]


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    stolen = client.get_cookie(identity.SESSION_COOKIE)
    assert stolen is not None
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    client.set_cookie(identity.SESSION_COOKIE, stolen.value)
    assert client.get("/me").status_code == 303


def test_a_session_ends_unused_and_at_last(client: FlaskClient, world: World, clock: FixedClock) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    for _ in range(7):
        clock.instant += timedelta(minutes=100)
        assert client.get("/me").status_code == 200
    clock.instant += timedelta(minutes=100)
    assert client.get("/me").status_code == 303, "twelve hours at the latest"
    sign_in(client, "li.ming")
    clock.instant += timedelta(minutes=121)
    assert client.get("/me").status_code == 303, "two hours unused"


def test_no_secret_reaches_the_audit_log(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "my p@ss word", WRONG)
    sign_in(client, "li.ming", WRONG)
    sign_in(client, "li.ming")
    cookie = client.get_cookie(identity.SESSION_COOKIE)
    assert cookie is not None
    rows = world.session.scalars(select(AuditEntry)).all()
    written = json.dumps([[str(getattr(row, column.key)) for column in AuditEntry.__table__.columns] for row in rows])
    assert len(rows) == 3
    for secret in (PASSWORD, WRONG, cookie.value, "argon2", "my p@ss word"):
        assert secret not in written


def test_the_language_of_the_menu_stays_with_the_account(client: FlaskClient, world: World) -> None:
    account = person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    client.post("/language", data={"lang": "en", "next": "/me"})
    assert world.session.scalar(select(Account.language).where(Account.id == account.id)) == "en"
    client.delete_cookie("lang")
    assert 'lang="en"' in client.get("/me").text


def test_choosing_a_language_signed_out_changes_no_account(client: FlaskClient, world: World) -> None:
    account = person(world, world.org(), "li.ming")
    client.set_cookie(identity.SESSION_COOKIE, "made-up")
    assert client.post("/language", data={"lang": "en", "next": "/"}).status_code == 303
    assert world.session.scalar(select(Account.language).where(Account.id == account.id)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("", "", True),
    ],
)
def test_addresses_are_counted_as_far_as_one_visitor_can_choose_them(one: str, other: str, same: bool) -> None:
    assert (throttle.BY_ADDRESS.key(one) == throttle.BY_ADDRESS.key(other)) is same
