"""What has to be done first: expired passwords, a second factor asked for from above."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.values import SettingValue
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org
from banyan.plugins import manager, settings
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, kept, person, set_up_factor, sign_in

NEW = "the river runs to the sea"


def lay_down(world: World, org: Org, key: str, value: SettingValue) -> None:
    with world.app.app_context():
        settings.set_value(
            world.session, manager.current(), org.ref, f"accounts.{key}", value, by=None, at=world.clock.now()
        )
    world.session.commit()


def _closed(client: FlaskClient, to: str) -> None:
    for path in ("/", "/me", "/me/sessions", "/me/tokens", "/orgs/jl/", "/orgs/jl/administrators"):
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith(to), path
    assert client.post("/me/account", data={"display_name": "x"}).status_code == 303


@pytest.mark.clause("ACC-04")
def test_an_administrators_password_expires_after_a_warning_and_then_nothing_else_opens(
    client: FlaskClient, world: World, clock: FixedClock
) -> None:
    org = world.org(code="jl")
    account = person(world, org, "li.ming", password_changed_at=clock.now(), password_policy=2)
    world.grant(account, org)
    clock.instant += timedelta(days=165)
    sign_in(client, "li.ming")
    assert client.get("/me").text.count("alert-line warn") == 0
    clock.instant += timedelta(days=5)
    sign_in(client, "li.ming")
    assert "2026-08-11" in client.get("/me").text, "said in time"
    clock.instant += timedelta(days=11)
    assert sign_in(client, "li.ming").status_code == 303
    _closed(client, "/me/password")
    assert client.get("/me/password").status_code == 200
    data = {"old_password": PASSWORD, "password": PASSWORD, "repeated": PASSWORD}
    assert client.post("/me/password", data=data).status_code == 422, "the same again is no new one"
    assert client.post("/me/password", data={**data, "password": NEW, "repeated": NEW}).status_code == 303
    assert client.get("/orgs/jl/administrators").status_code == 200


def test_passwords_of_ordinary_accounts_and_where_nothing_is_laid_down_do_not_expire(
    app: Banyan, world: World, clock: FixedClock
) -> None:
    org, free = world.org(code="jl"), world.org(code="free")
    person(world, org, "li.ming", password_changed_at=clock.now())
    admin = person(world, free, "wang.fang", password_changed_at=clock.now())
    world.grant(admin, free)
    lay_down(world, free, "password_days", 0)
    clock.instant += timedelta(days=400)
    for name in ("li.ming", "wang.fang"):
        browser = app.test_client()
        sign_in(browser, name)
        assert browser.get("/me").status_code == 200


@pytest.mark.clause("ACC-04")
def test_earlier_passwords_are_not_taken_again_until_five_others_came(client: FlaskClient, world: World) -> None:
    person(world, world.org(code="jl"), "li.ming")
    sign_in(client, "li.ming")
    words = ("grey", "tall", "cold", "blue", "warm", "dark")
    chain = [PASSWORD, *(f"{word} hill beyond seven rivers" for word in words)]
    for old, new in pairwise(chain):
        data = {"old_password": old, "password": new, "repeated": new}
        assert client.post("/me/password", data=data).status_code == 303, new
    last = chain[-1]
    for former, status in ((chain[1], 422), (chain[5], 422), (chain[0], 303)):
        data = {"old_password": last, "password": former, "repeated": former}
        assert client.post("/me/password", data=data).status_code == status, former


@pytest.mark.clause("ACC-04")
def test_an_upper_level_asks_its_subtree_for_a_second_factor_with_a_grace_period(
    client: FlaskClient, world: World, clock: FixedClock
) -> None:
    province = world.org(code="jl")
    county = world.org(world.org(province), code="county")
    account: Account = person(world, county, "li.ming")
    lay_down(world, county, "second_factor_required", False)
    lay_down_above(world, province)
    sign_in(client, "li.ming")
    assert "2026-02-19" in client.get("/me").text, "seven days from the first sign-in"
    clock.instant += timedelta(days=6)
    sign_in(client, "li.ming")
    assert client.get("/me").status_code == 200
    clock.instant += timedelta(days=1, seconds=1)
    sign_in(client, "li.ming")
    _closed(client, "/me/security")
    set_up_factor(client, world)
    assert client.get("/me").status_code == 200, "then everything works again"
    world.session.refresh(account)
    assert account.version == 1, "none of this is an edit of the account"


def lay_down_above(world: World, province: Org) -> None:
    lay_down(world, province, "second_factor_required", True)
    lay_down(world, province, "second_factor_grace_days", 7)


def test_without_grace_the_first_sign_in_leads_to_setting_up(client: FlaskClient, world: World) -> None:
    org = world.org(code="jl")
    person(world, org, "li.ming")
    lay_down(world, org, "second_factor_required", True)
    lay_down(world, org, "second_factor_grace_days", 0)
    sign_in(client, "li.ming")
    _closed(client, "/me/security")
    assert client.post("/sign-out").status_code == 303


def test_a_requirement_where_a_role_is_held_counts_as_well(client: FlaskClient, world: World) -> None:
    home, strict = world.org(code="jl"), world.org(code="strict")
    account = world.account(home, "li.ming", password_hash=kept())
    world.grant(account, strict)
    lay_down(world, strict, "second_factor_required", True)
    lay_down(world, strict, "second_factor_grace_days", 0)
    sign_in(client, "li.ming")
    assert client.get("/me").headers["Location"].startswith("/me/security")
