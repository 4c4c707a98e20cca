"""Reports of theft, one-time codes, and what a copied cookie is good for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.events import OutboxEvent
from banyan.modules.accounts.models import Account, AccountSession, ApiToken
from banyan.modules.accounts.security_models import ResetCode
from banyan.modules.accounts.services import identity
from banyan.modules.tenancy.models import Org
from tests.factories import World
from tests.modules.accounts.people import CHROME, PASSWORD, come_from, entries, person, set_up_factor, sign_in

NEW = "the river runs to the sea"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"


@pytest.fixture
def county(world: World) -> Org:
    return world.org(world.org(code="jl"), code="county")


@pytest.fixture
def admin(world: World, county: Org) -> FlaskClient:
    """An administrator above."""
    assert county.parent_id is not None
    above = world.session.get_one(Org, county.parent_id)
    return world.sign_in(world.admin(above))


def issue(admin: FlaskClient, account: Account, **more: str) -> str:
    answer = admin.post(f"/orgs/jl/administrators/{account.id}/reset-code", data=more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r"\b([2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4})\b", answer.text)
    assert found
    return found[1]


def redeem(client: FlaskClient, name: str, code: str, new: str = NEW) -> int:
    data = {"sign_in_name": name, "code": code, "password": new, "repeated": new}
    return client.post("/reset-password", data=data).status_code


@pytest.mark.clause("ACC-04")
def test_one_click_freezes_the_account_tells_those_above_and_a_code_thaws_it(
    client: FlaskClient, world: World, county: Org, admin: FlaskClient
) -> None:
    account = person(world, county, "li.ming")
    headers = world.token(account)
    thief = world.sign_in(account)
    sign_in(client, "li.ming")
    assert client.post("/me/report-theft").headers["Location"] == "/report-theft/done"
    assert client.get("/me").status_code == 303
    assert thief.get("/me").status_code == 303
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert world.session.scalars(select(ApiToken.revoked_at)).one() is not None
    assert sign_in(client, "li.ming").status_code == 422
    told = world.session.scalars(select(OutboxEvent.name)).all()
    assert "accounts.account.frozen" in told
    assert "li.ming" in admin.get("/orgs/jl/check-up").text
    assert "/orgs/jl/check-up/frozen" in admin.get("/orgs/jl/").text, "a card on the dashboard above"
    assert "li.ming" in admin.get("/orgs/jl/check-up/frozen", headers={"HX-Request": "true"}).text
    assert admin.post(f"/orgs/jl/administrators/{account.id}/restore").status_code == 409, "not without a new password"
    assert redeem(client, "li.ming", issue(admin, account)) == 303
    assert sign_in(client, "li.ming").status_code == 422
    assert sign_in(client, "li.ming", NEW).status_code == 303
    assert "/orgs/jl/check-up/frozen" not in admin.get("/orgs/jl/").text


@pytest.mark.clause("ACC-04")
def test_a_theft_is_reported_from_outside_with_a_proof_and_not_without(
    app: Banyan, client: FlaskClient, world: World, county: Org
) -> None:
    account = person(world, county, "li.ming")
    sign_in(client, "li.ming")
    _app, codes = set_up_factor(client, world)
    outside = come_from(app.test_client(), "203.0.113.1")
    said = set()
    for name, proof in (("li.ming", "a guess"), ("nobody.here", PASSWORD), ("li.ming", "aaaaa-bbbbb")):
        answer = outside.post("/report-theft", data={"sign_in_name": name, "proof": proof})
        assert answer.status_code == 422
        said.add(answer.text.split('role="alert"')[1].split("</ul>")[0])
    assert len(said) == 1
    world.session.refresh(account)
    assert account.status == "active"
    data = {"sign_in_name": "li.ming", "proof": codes[0]}
    assert outside.post("/report-theft", data=data).status_code == 303
    assert outside.post("/report-theft", data=data).status_code in (303, 422), "a second report changes nothing more"
    world.session.refresh(account)
    assert account.status == "frozen"
    assert len(entries(world, "accounts.account.freeze")) == 1


@pytest.mark.clause("ACC-04")
def test_after_a_thief_changed_the_password_the_old_one_freezes_from_a_known_browser_alone(
    app: Banyan, world: World, county: Org, clock: FixedClock
) -> None:
    account = person(world, county, "li.ming")
    owner, thief = come_from(app.test_client(), "10.1.1.1"), come_from(app.test_client(), "203.0.113.1")
    sign_in(owner, "li.ming")
    clock.instant += timedelta(hours=1)
    sign_in(thief, "li.ming")
    data = {"old_password": PASSWORD, "password": NEW, "repeated": NEW}
    assert thief.post("/me/password", data=data).status_code == 303
    clock.instant += timedelta(hours=1)
    report = {"sign_in_name": "li.ming", "proof": PASSWORD}
    stranger = come_from(app.test_client(), "198.51.100.1")
    assert stranger.post("/report-theft", data=report).status_code == 422, "an old password is no proof by itself"
    assert owner.post("/report-theft", data=report).status_code == 303
    world.session.refresh(account)
    assert account.status == "frozen"
    assert thief.get("/me").status_code == 303


@pytest.mark.clause("ACC-04")
def test_a_one_time_code_works_once_within_a_day_for_its_account(
    client: FlaskClient, world: World, county: Org, admin: FlaskClient, clock: FixedClock
) -> None:
    account, other = person(world, county, "li.ming"), person(world, county, "wang.fang")
    first = issue(admin, account)
    second = issue(admin, account)
    assert redeem(client, "li.ming", first) == 422, "the later code took its place"
    assert redeem(client, other.sign_in_name, second) == 422, "another's name"
    assert redeem(client, "li.ming", second, "woaini1314") == 422, "a weak password"
    assert redeem(client, "li.ming", second.lower().replace("-", " ")) == 303
    assert redeem(client, "li.ming", second, "another good one of mine") == 422
    third = issue(admin, account)
    clock.instant += timedelta(hours=24, seconds=1)
    assert redeem(client, "li.ming", third) == 422
    kept = world.session.scalars(select(ResetCode.code_hash)).all()
    assert all(len(value) == 32 for value in kept)
    assert third not in str([(row.before, row.after) for row in entries(world, "accounts.reset_code.create")])


def test_guessing_codes_pauses_the_address(app: Banyan, world: World, county: Org, admin: FlaskClient) -> None:
    account = person(world, county, "li.ming")
    code = issue(admin, account)
    thief = come_from(app.test_client(), "203.0.113.1")
    for _ in range(10):
        redeem(thief, "li.ming", "AAAA-AAAA-AAAA")
    assert redeem(thief, "li.ming", code) == 422
    assert redeem(come_from(app.test_client(), "10.1.1.1"), "li.ming", code) == 303


@pytest.mark.clause("ACC-04")
def test_the_second_factor_outlives_a_code_unless_it_takes_it_away(
    app: Banyan, client: FlaskClient, world: World, county: Org, admin: FlaskClient
) -> None:
    account = person(world, county, "li.ming")
    sign_in(client, "li.ming")
    set_up_factor(client, world)
    assert redeem(client, "li.ming", issue(admin, account)) == 303
    assert "/sign-in/code" in sign_in(client, "li.ming", NEW).headers["Location"]
    code = issue(admin, account, second_factor="true")
    assert redeem(client, "li.ming", code, "stones under the old bridge") == 303
    assert sign_in(client, "li.ming", "stones under the old bridge").headers["Location"] == "/"
    assert entries(world, "accounts.reset_code.redeem")[-1].after["second_factor_reset"] is True  # type: ignore[index]


def test_nobody_issues_a_code_for_oneself_or_for_somebody_above(
    world: World, county: Org, admin: FlaskClient, app: Banyan
) -> None:
    own = world.admin(county)
    browser = world.sign_in(own)
    assert browser.post(f"/orgs/county/administrators/{own.id}/reset-code").status_code == 409
    assert county.parent_id is not None
    above = world.admin(world.session.get_one(Org, county.parent_id))
    assert browser.post(f"/orgs/county/administrators/{above.id}/reset-code").status_code == 404
    both = world.account(county)
    world.grant(both, world.session.get_one(Org, county.parent_id))
    assert browser.post(f"/orgs/county/administrators/{both.id}/reset-code").status_code == 403


@pytest.mark.clause("ACC-04")
def test_a_copied_cookie_in_another_kind_of_browser_ends_the_session(app: Banyan, world: World, county: Org) -> None:
    person(world, county, "li.ming")
    owner = come_from(app.test_client(), "10.1.1.1")
    sign_in(owner, "li.ming")
    cookie = owner.get_cookie(identity.SESSION_COOKIE)
    assert cookie is not None
    come_from(owner, "10.1.1.1", CHROME.format("141.0"))
    assert owner.get("/me").status_code == 200, "an update of the browser is no theft"
    for agent in (IPHONE, "curl/8.5.0"):
        thief = come_from(app.test_client(), "203.0.113.1", agent)
        thief.set_cookie(identity.SESSION_COOKIE, cookie.value)
        assert thief.get("/me").status_code == 303
        assert owner.get("/me").status_code == 303, "the session is over for both"
        seen = entries(world, "accounts.session.suspect")
        assert len(seen) == 1, "and it was kept"
    assert world.session.scalars(select(AccountSession.ended_at)).one() is not None


@pytest.mark.clause("ACC-04")
def test_a_new_browser_is_told_of_on_the_own_page(app: Banyan, world: World, county: Org) -> None:
    person(world, county, "li.ming")
    owner, other = come_from(app.test_client(), "10.1.1.1"), come_from(app.test_client(), "203.0.113.7", IPHONE)
    sign_in(owner, "li.ming")
    assert "203.0.113.7" not in owner.get("/me/security").text
    sign_in(other, "li.ming")
    page = owner.get("/me/security").text
    assert "203.0.113.7" in page
    action = re.search(r'action="(/me/devices/[0-9a-f-]+/acknowledge)"', page)
    assert action
    assert world.sign_in(person(world, county, "wang.fang")).post(action[1]).status_code == 404
    assert owner.post(action[1]).status_code == 303
    assert "203.0.113.7" not in owner.get("/me/security").text


def test_recovery_codes_are_not_guessed_faster_than_passwords_when_a_theft_is_reported(
    app: Banyan, client: FlaskClient, world: World, county: Org
) -> None:
    account = person(world, county, "li.ming")
    sign_in(client, "li.ming")
    _app, codes = set_up_factor(client, world)
    told = {}
    for name, address in (("li.ming", "203.0.113.1"), ("nobody.here", "203.0.113.2")):
        guesser = come_from(app.test_client(), address)
        report = {"sign_in_name": name, "proof": "aaaaa-bbbbb"}
        pages = [guesser.post("/report-theft", data=report).text for _ in range(6)]
        told[name] = [page.split('role="alert"')[1].split("</ul>")[0] for page in pages]
    assert told["li.ming"] == told["nobody.here"], "a name that does not exist is paused after as many"
    late = {"sign_in_name": "li.ming", "proof": codes[0]}
    assert come_from(app.test_client(), "203.0.113.1").post("/report-theft", data=late).status_code == 422
    world.session.refresh(account)
    assert account.status == "active"
