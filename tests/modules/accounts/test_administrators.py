"""Accounts as administrators see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.counting import StatDelta
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.stats import counted
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, entries, person, sign_in


def _url(code: str, account: Account, action: str = "") -> str:
    return f"/api/v1/orgs/{code}/accounts/{account.id}{action}"


@pytest.mark.clause("ORG-08")
def test_the_list_shows_accounts_of_the_subtree_and_no_others(client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city, other = world.org(province, "cc", name="长春"), world.org(province, "jlc")
    county = world.org(city, "cy")
    for home, name in ((province, "above"), (other, "beside"), (city, "here"), (county, "below")):
        person(world, home, name)
    admin = world.admin(city)
    headers = world.token(admin)
    items = client.get("/api/v1/orgs/cc/accounts?sort=sign_in_name", headers=headers).get_json()["items"]
    assert {item["sign_in_name"] for item in items} == {admin.sign_in_name, "here", "below"}
    assert {item["org_name"] for item in items if item["sign_in_name"] == "here"} == {"长春"}
    only = client.get("/api/v1/orgs/cc/accounts?q=elo", headers=headers).get_json()["items"]
    assert [item["sign_in_name"] for item in only] == ["below"]
    browser = world.sign_in(admin)
    page = browser.get("/orgs/cc/administrators").text
    assert "below" in page
    assert "beside" not in page


@pytest.mark.clause("ORG-08")
def test_a_grant_with_reach_self_does_not_open_accounts_below(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    below = person(world, world.org(city, "cy"), "below")
    admin = world.admin(city, reach="self")
    headers, browser = world.token(admin), world.sign_in(admin)
    listed = client.get("/api/v1/orgs/cc/accounts", headers=headers).get_json()["items"]
    assert [item["sign_in_name"] for item in listed] == [admin.sign_in_name]
    assert client.get(_url("cc", below), headers=headers).status_code == 404
    assert client.post(_url("cc", below, "/suspend"), headers=headers).status_code == 404
    assert browser.get(f"/orgs/cc/administrators/{below.id}").status_code == 404
    assert browser.post(f"/orgs/cc/administrators/{below.id}/suspend").status_code == 404


@pytest.mark.clause("ORG-09")
def test_nobody_edits_an_account_of_a_level_above(client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc")
    boss = person(world, province, "boss")
    promoted = person(world, city, "promoted")
    world.grant(promoted, province, "org_auditor")
    later = person(world, city, "later")
    world.grant(later, province, not_before=world.clock.now() + timedelta(days=3))
    headers = world.token(world.admin(city))
    for account, status in ((boss, 404), (promoted, 403), (later, 403)):
        for action in ("/suspend", "/restore"):
            assert client.post(_url("cc", account, action), headers=headers).status_code == status
        answer = client.patch(_url("cc", account), json={"display_name": "x"}, headers=headers)
        assert answer.status_code == status, account.sign_in_name
    assert set(world.session.scalars(select(Account.status))) == {"active"}
    above = world.token(world.admin(province))
    assert client.post(_url("jl", promoted, "/suspend"), headers=above).status_code == 200


@pytest.mark.clause("ORG-09")
def test_an_account_with_a_wider_reach_at_the_same_place_is_not_edited(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    wide = world.admin(city)
    narrow = world.token(world.admin(city, reach="self"))
    assert client.post(_url("cc", wide, "/suspend"), headers=narrow).status_code == 403


def test_nobody_suspends_or_edits_themselves_here(client: FlaskClient, world: World) -> None:
    admin = world.admin(world.org(code="cc"))
    headers, browser = world.token(admin), world.sign_in(admin)
    assert client.post(_url("cc", admin, "/suspend"), headers=headers).status_code == 409
    assert client.patch(_url("cc", admin), json={"phone": ""}, headers=headers).status_code == 409
    page = browser.get(f"/orgs/cc/administrators/{admin.id}").text
    assert "/suspend" not in page
    assert 'href="/me/account"' in page


def test_suspending_ends_sessions_and_tokens_in_mid_flight(app: Banyan, client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    account = person(world, city, "li.ming")
    world.grant(account, city, "branch_secretary")
    sign_in(client, "li.ming")
    token = world.token(account)
    assert client.get("/orgs/cc/administrators").status_code == 200
    admin = world.sign_in(world.admin(city), app.test_client())
    answer = admin.post(f"/orgs/cc/administrators/{account.id}/suspend")
    assert answer.status_code == 303
    answer = client.get("/orgs/cc/administrators")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/sign-in")
    assert client.get("/api/v1/me", headers=token).status_code == 401
    assert sign_in(client, "li.ming").status_code == 422
    assert entries(world, "accounts.account.suspend")[0].after == {
        "status": "suspended",
        "sessions_ended": 1,
        "codes_withdrawn": 0,
    }
    assert admin.post(f"/orgs/cc/administrators/{account.id}/suspend").status_code == 409
    assert admin.post(f"/orgs/cc/administrators/{account.id}/restore").status_code == 303
    assert client.get("/orgs/cc/administrators").status_code == 303, "ended sessions stay ended"
    assert sign_in(client, "li.ming", PASSWORD).status_code == 303


def test_suspending_and_restoring_is_counted(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    account = person(world, city, "li.ming")
    headers = world.token(world.admin(city))
    for action, total in (("/suspend", -1), ("/restore", 0), ("/suspend", -1)):
        assert client.post(_url("cc", account, action), headers=headers).status_code == 200
        found = select(func.sum(StatDelta.n)).where(StatDelta.metric == "account.active")
        assert world.session.scalar(found) == total
    ctx = world.context(account)
    with ctx.session:
        assert counted(ctx, city.path, city.path + "~") == {"account.active": {city.path: 1}}
        assert counted(ctx, "zz", "zz~") == {"account.active": {}}


def test_two_editors_do_not_overwrite_each_other(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    account = person(world, city, "li.ming", phone="0431-1111111")
    admin = world.admin(city)
    headers, browser = world.token(admin), world.sign_in(admin)
    first = client.patch(_url("cc", account), json={"display_name": "李明", "version": 1}, headers=headers)
    assert (first.status_code, first.get_json()["phone"]) == (200, "0431-1111111")
    second = client.patch(_url("cc", account), json={"display_name": "李鸣", "version": 1}, headers=headers)
    assert second.status_code == 409
    stale = {"display_name": "李鸣", "phone": "", "version": "1"}
    answer = browser.post(f"/orgs/cc/administrators/{account.id}/edit", data=stale)
    assert answer.status_code == 422
    assert 'value="李鸣"' in answer.text
    answer = browser.post(f"/orgs/cc/administrators/{account.id}/edit", data={**stale, "version": "2"})
    assert answer.status_code == 303
    world.session.refresh(account)
    assert (account.display_name, account.phone) == ("李鸣", "")


def test_an_auditor_sees_accounts_and_changes_none(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    account = person(world, city, "li.ming")
    auditor = world.admin(city, "org_auditor")
    headers, browser = world.token(auditor), world.sign_in(auditor)
    page = browser.get(f"/orgs/cc/administrators/{account.id}")
    assert page.status_code == 200
    assert "/suspend" not in page.text
    assert client.post(_url("cc", account, "/suspend"), headers=headers).status_code == 403
    assert client.post("/api/v1/orgs/cc/registration-codes", json={}, headers=headers).status_code == 403


def test_roles_beyond_the_readers_reach_are_not_shown(world: World) -> None:
    province = world.org(code="jl", name="省委")
    city = world.org(province, "cc", name="市委")
    account = person(world, city, "li.ming")
    world.grant(account, city, "branch_secretary")
    world.grant(account, province, "treasurer")
    below = world.sign_in(world.admin(city)).get(f"/orgs/cc/administrators/{account.id}").text
    above = world.sign_in(world.admin(province)).get(f"/orgs/jl/administrators/{account.id}").text
    assert 'data-label="组织">市委' in below or ">市委</td>" in below
    assert ">省委</td>" not in below
    assert ">省委</td>" in above
