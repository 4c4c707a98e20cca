"""Who is online, the log of sign-ins, and the security check-up of a subtree."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.modules.accounts.models import Account, AccountSession
from banyan.modules.accounts.security_models import KnownAddress, SecondFactor
from banyan.modules.accounts.services import checkup
from banyan.modules.tenancy.models import Org
from tests.factories import World
from tests.modules.accounts.people import come_from, entries, kept, person, sign_in

SAFE = {"password_policy": 2}


@pytest.fixture
def county(world: World) -> Org:
    return world.org(world.org(code="jl"), code="county")


@pytest.fixture
def admin(world: World, county: Org) -> FlaskClient:
    assert county.parent_id is not None
    return world.sign_in(world.admin(world.session.get_one(Org, county.parent_id)))


def sound(world: World, org: Org, name: str, **values: object) -> Account:
    """An account that no finding is about."""
    now = world.clock.now()
    values = {"password_hash": kept(), "password_changed_at": now, "last_sign_in_at": now, **SAFE, **values}
    account = world.account(org, name, **values)
    world.grant(account, org)
    world.session.add(SecondFactor(account_id=account.id, sealed=b"", created_at=now, confirmed_at=now))
    world.session.commit()
    return account


@pytest.mark.clause("ACC-05")
def test_each_finding_counts_exactly_the_accounts_it_is_about(
    world: World, county: Org, clock: FixedClock, app: Banyan
) -> None:
    now = clock.now()
    sound(world, county, "sound")
    sound(world, county, "stale", last_sign_in_at=now - timedelta(days=91))
    sound(world, county, "nearly.stale", last_sign_in_at=now - timedelta(days=89))
    sound(world, county, "weak", password_policy=1)
    sound(world, county, "old", password_changed_at=now - timedelta(days=181))
    bare = world.account(county, "no.factor", password_hash=kept(), last_sign_in_at=now, **SAFE)
    world.grant(bare, county)
    shared, travelled = sound(world, county, "shared"), sound(world, county, "travelled")
    for number in range(8):
        for account, days in ((shared, 1), (travelled, 31)):
            seen = now - timedelta(days=days)
            world.session.add(KnownAddress(account_id=account.id, network=f"10.0.0.{number}", seen_at=seen))
    world.account(county, "orphan", password_hash=kept(), last_sign_in_at=now, **SAFE)
    sound(world, county, "never.set.up", password_hash=None, password_changed_at=None)
    sound(world, county, "suspended", status="suspended", password_policy=1)
    gone = world.org(county, status="revoked")
    sound(world, gone, "of.revoked")
    sound(world, world.org(code="neighbour"), "foreign", password_policy=1)
    world.session.commit()
    above = world.admin(county)
    with app.app_context():
        ctx = world.context(above, county)
        with ctx.session:
            counts = checkup.counts(ctx)
            found = {
                kind: set(ctx.session.scalars(select(Account.sign_in_name).where(checkup.predicate(kind, now))))
                for kind in checkup.KINDS
            }
    mine = {above.sign_in_name}
    assert found["stale"] == {"stale"}
    assert found["weak"] == {"weak", "foreign"}
    assert found["old"] == {"old"}
    assert found["no_factor"] == {"no.factor"} | mine
    assert found["shared"] == {"shared"}
    assert found["orphan"] == {"orphan", "never.set.up", "of.revoked"} | mine
    assert counts["weak"] == 1, "the neighbour's is not counted"
    assert [counts[kind] for kind in ("stale", "old", "shared")] == [1, 1, 1]
    assert counts["orphan"] == 4


@pytest.mark.clause("ACC-05")
def test_the_page_leads_from_counts_to_accounts_and_acts_on_them(
    world: World, county: Org, admin: FlaskClient, clock: FixedClock, app: Banyan, statements: list[str]
) -> None:
    weak = [sound(world, county, f"weak{number}", password_policy=1) for number in range(6)]
    world.session.delete(world.session.get_one(SecondFactor, weak[0].id))
    foreign = sound(world, world.org(code="neighbour"), "foreign", password_policy=1)
    statements.clear()
    page = admin.get("/orgs/jl/check-up?kind=weak")
    assert page.status_code == 200
    assert page.text.count('name="ids"') == 6
    few = len(statements)
    for number in range(6, 14):
        sound(world, county, f"weak{number}", password_policy=1)
    statements.clear()
    admin.get("/orgs/jl/check-up?kind=weak")
    assert len(statements) == few, "as many statements for more accounts"
    assert admin.get("/orgs/jl/check-up?kind=nonsense").status_code == 422
    browser = app.test_client()
    sign_in(browser, "weak0")
    ids = [str(weak[0].id), str(weak[1].id), str(foreign.id)]
    assert admin.post("/orgs/jl/check-up/new_password", data={"ids": ids}).status_code == 303
    assert browser.get("/me").status_code == 303
    sign_in(browser, "weak0")
    assert browser.get("/me").headers["Location"].startswith("/me/password")
    world.session.refresh(foreign)
    assert not foreign.password_due, "what is out of reach stays as it is"
    assert admin.post("/orgs/jl/check-up/remind", data={"ids": [str(weak[2].id)]}).status_code == 303
    assert admin.post("/orgs/jl/check-up/sign_out", data={"ids": [str(weak[3].id)]}).status_code == 303
    assert admin.post("/orgs/jl/check-up/suspend", data={"ids": ids}).status_code == 303
    world.session.refresh(weak[0])
    assert weak[0].status == "suspended"
    assert admin.post("/orgs/jl/check-up/nonsense", data={"ids": ids}).status_code == 422
    assert admin.post("/orgs/jl/check-up/suspend", data={}).status_code == 409
    assert len(entries(world, "accounts.account.remind")) == 1


@pytest.mark.clause("ACC-05")
def test_the_api_counts_lists_and_acts_alike(client: FlaskClient, world: World, county: Org) -> None:
    weak = sound(world, county, "weak", password_policy=1)
    headers = world.token(world.admin(county))
    base = "/api/v1/orgs/county/security-checkup"
    assert client.get(base, headers=headers).get_json()["weak"] == 1
    listed = client.get(f"{base}/accounts?kind=weak", headers=headers).get_json()
    assert [item["sign_in_name"] for item in listed["items"]] == ["weak"]
    answer = client.post(f"{base}/suspend", json={"ids": [str(weak.id), str(weak.id)]}, headers=headers)
    assert answer.get_json() == {"done": 1, "left": 0}
    assert client.post(f"{base}/nonsense", json={"ids": [str(weak.id)]}, headers=headers).status_code == 422
    lesser = world.token(world.admin(county, "branch_secretary"))
    assert client.get(base, headers=lesser).status_code == 403


@pytest.mark.clause("ACC-04")
def test_administrators_see_who_is_online_below_and_sign_them_out(
    app: Banyan, world: World, county: Org, admin: FlaskClient
) -> None:
    person(world, county, "li.ming")
    neighbour = person(world, world.org(code="neighbour"), "wang.fang")
    here, there = come_from(app.test_client(), "10.7.7.7"), app.test_client()
    sign_in(here, "li.ming")
    sign_in(there, "wang.fang")
    page = admin.get("/orgs/jl/online").text
    assert "10.7.7.7" in page
    assert "wang.fang" not in page
    sessions = {row.account_id: row.id for row in world.session.scalars(select(AccountSession))}
    assert admin.post("/orgs/jl/online/end", data={"ids": list(map(str, sessions.values()))}).status_code == 303
    assert here.get("/me").status_code == 303
    assert there.get("/me").status_code == 200, "a neighbour's session is none of theirs"
    assert admin.get("/orgs/jl/online").status_code == 200, "nor does one sign oneself out with the others"
    assert sessions[neighbour.id] not in world.session.scalars(
        select(AccountSession.id).where(AccountSession.ended_at.is_not(None))
    )
    assert len(entries(world, "accounts.session.force_end")) == 1
    api, headers = app.test_client(), world.token(world.admin(county))
    foreign = f"/api/v1/orgs/county/sessions/{sessions[neighbour.id]}/end"
    assert api.post(foreign, headers=headers).status_code == 404


@pytest.mark.clause("ACC-04")
def test_the_log_of_sign_ins_shows_the_subtree_to_administrators_and_oneself_to_everybody(
    app: Banyan, world: World, county: Org, admin: FlaskClient
) -> None:
    person(world, county, "li.ming")
    person(world, world.org(code="neighbour"), "wang.fang")
    browser = come_from(app.test_client(), "10.7.7.7")
    sign_in(browser, "li.ming", "wrong")
    sign_in(browser, "li.ming")
    sign_in(come_from(app.test_client(), "10.8.8.8"), "wang.fang")
    page = admin.get("/orgs/jl/sign-ins").text
    assert page.count("10.7.7.7") == 2
    assert "10.8.8.8" not in page
    assert admin.get("/orgs/jl/sign-ins?outcome=wrong&q=li.ming").text.count("10.7.7.7") == 1
    own = browser.get("/me/sign-ins").text
    assert own.count("10.7.7.7") == 2
    assert "10.8.8.8" not in own
    token = world.token(world.session.scalars(select(Account).where(Account.sign_in_name == "li.ming")).one())
    listed = app.test_client().get("/api/v1/me/sign-ins", headers=token).get_json()
    assert [item["outcome"] for item in listed["items"]] == ["in", "wrong"]
