"""Tokens limited to permissions and organisations, personal ones and an organisation's own (API-01)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.scoped import Whole
from banyan.kernel.events import OutboxEvent
from banyan.kernel.jobs import LongTask
from banyan.modules.access import policy
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.events import TokenEnding
from banyan.modules.accounts.models import Account, ApiToken
from banyan.modules.accounts.services.behalf import actor_of
from banyan.modules.accounts.token_jobs import warn_of_ends
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from tests.factories import World

pytestmark = pytest.mark.clause("API-01")
SECRET = re.compile(r'value="(banyan_[^"]+)"')
READ, UPDATE = "tenancy.org:read", "tenancy.org:update"


@pytest.fixture
def tree(world: World) -> dict[str, Org]:
    """A province with two cities, and a county below the first."""
    province = world.org(code="province", name="甲省")
    city = world.org(province, "city", "乙市")
    return {
        "province": province,
        "city": city,
        "county": world.org(city, "county", "丙县"),
        "other": world.org(province, "other", "丁市"),
    }


def make(browser: FlaskClient, url: str = "/me/tokens", **data: Any) -> dict[str, str]:
    """Headers with a token made in the console."""
    answer = browser.post(url, data={"name": "report", "_shown": "permissions organisations", **data})
    assert answer.status_code == 200, answer.text
    found = SECRET.search(answer.text)
    assert found is not None
    return {"Authorization": f"Bearer {found.group(1)}"}


def service(browser: FlaskClient, **data: Any) -> dict[str, str]:
    """Headers with a service token of the province that may read organisations."""
    return make(browser, "/orgs/province/tokens/new", **{"last_day": "2026-06-30", "permissions": [READ], **data})


def status(client: FlaskClient, code: str, headers: dict[str, str]) -> int:
    return client.get(f"/api/v1/orgs/{code}", headers=headers).status_code


def test_a_personal_token_is_narrowed_to_organisations_and_permissions(
    client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    browser = world.sign_in(world.admin(tree["province"]))
    city = make(browser, organisations=["city", ""], permissions=[READ])
    assert [status(client, code, city) for code in ("province", "city", "county", "other")] == [404, 200, 200, 404]
    codes = {row["code"] for row in client.get("/api/v1/orgs/city/organisations", headers=city).get_json()["items"]}
    assert codes == {"city", "county"}
    assert client.get("/api/v1/orgs/city/accounts", headers=city).status_code == 403
    alone = make(browser, organisations=["city", "other"], reach="self")
    assert [status(client, code, alone) for code in ("province", "city", "county", "other")] == [404, 200, 404, 200]
    listed = client.get("/api/v1/orgs/city/organisations", headers=alone).get_json()["items"]
    assert [row["code"] for row in listed] == ["city"]
    moved = browser.post("/me/tokens", data={"name": "x", "permissions": ["tenancy.org:nothing"]})
    assert moved.status_code == 422
    foreign = browser.post("/me/tokens", data={"name": "x", "organisations": ["nowhere"]})
    assert foreign.status_code == 422
    assert "nowhere" in foreign.text


def test_a_limited_token_looks_at_its_account_and_changes_nothing_there(
    client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    account = world.admin(tree["province"])
    browser = world.sign_in(account)
    limited, whole = make(browser, permissions=[READ]), make(browser)
    edit = {"display_name": "别名"}
    assert client.get("/api/v1/me", headers=limited).status_code == 200
    assert client.patch("/api/v1/me", json=edit, headers=limited).status_code == 403
    assert client.patch("/api/v1/me", json=edit, headers=whole).status_code == 200


def test_a_personal_token_never_outlives_the_rights_of_its_account(
    client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    account = world.admin(tree["province"])
    headers = make(world.sign_in(account), organisations=["city"])
    assert status(client, "city", headers) == 200
    world.session.execute(update(RoleGrant).values(ended_at=world.clock.now()))
    world.session.commit()
    assert status(client, "city", headers) == 404


def test_delegation_through_a_token_never_widens(
    app: Banyan, client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    admin, other = world.admin(tree["province"]), world.account(tree["county"], "other")
    with app.app_context():
        needed = ["access.grant:grant", *sorted(policy.store().snapshot.roles["member"].allowed)]
    headers = make(world.sign_in(admin), organisations=["city"], permissions=needed)
    grant = {"account": "other", "role": "member", "reach": "self"}
    url = "/api/v1/orgs/city/grants"
    assert client.post(url, json={**grant, "organisation": "city"}, headers=headers).status_code == 201
    wide = client.post(url, json={**grant, "role": "org_admin", "organisation": "county"}, headers=headers)
    assert wide.status_code == 409
    assert client.post("/api/v1/orgs/province/grants", json=grant, headers=headers).status_code == 404
    assert other.sign_in_name == "other"


def test_a_service_token_works_when_its_maker_is_gone_and_is_an_actor_of_its_own(
    client: FlaskClient, world: World, tree: dict[str, Org], clock: FixedClock
) -> None:
    admin = world.admin(tree["province"])
    headers = service(world.sign_in(admin), permissions=[READ, UPDATE], organisations=["city"])
    world.session.execute(update(RoleGrant).values(ended_at=clock.now()))
    world.session.execute(update(Account).values(status="suspended"))
    world.session.commit()
    assert [status(client, code, headers) for code in ("province", "city", "county", "other")] == [404, 200, 200, 404]
    city = client.get("/api/v1/orgs/city", headers=headers).get_json()
    edit = {
        "name": "乙市委",
        "founded_on": "1949-10-01",
        "person_in_charge": "王五",
        "phone": "010-65120001",
        "division_code": "350100",
    }
    changed = client.put("/api/v1/orgs/city", json={**edit, "version": city["version"]}, headers=headers)
    assert changed.status_code == 200, changed.text
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.action == "tenancy.org.update")).one()
    token = world.session.scalars(select(ApiToken)).one()
    assert (entry.via, entry.account_id, entry.account_name) == ("service", token.id, "report")
    assert client.get("/api/v1/me", headers=headers).status_code == 403, "a service token has no account"
    clock.instant += timedelta(days=200)
    assert status(client, "city", headers) == 401


def test_a_service_token_cannot_sign_in_to_the_console(client: FlaskClient, world: World, tree: dict[str, Org]) -> None:
    headers = service(world.sign_in(world.admin(tree["province"])))
    client.set_cookie("banyan_session", headers["Authorization"].removeprefix("Bearer "))
    assert client.get("/orgs/province/tokens", headers=headers).status_code == 303
    assert client.get("/me", headers=headers).status_code == 303


def test_a_service_token_is_made_within_what_its_maker_holds(world: World, tree: dict[str, Org]) -> None:
    narrow = world.sign_in(world.admin(tree["province"], reach="self"))
    url = "/orgs/province/tokens/new"
    good = {"name": "x", "last_day": "2026-06-30", "permissions": [READ], "reach": "self"}
    assert narrow.post(url, data=good).status_code == 200
    refused: tuple[dict[str, Any], ...] = (
        {"reach": "subtree"},
        {"last_day": ""},
        {"last_day": "2027-03-01"},
        {"last_day": "2026-02-11"},
        {"permissions": []},
        {"permissions": ["access.grant:grant"]},
        {"organisations": ["city"]},
        {"organisations": ["nowhere"]},
    )
    for wrong in refused:
        assert narrow.post(url, data={**good, **wrong}).status_code == 422, wrong
    above = world.admin(tree["province"])
    outside = world.sign_in(above).post("/orgs/city/tokens/new", data={**good, "organisations": ["other"]})
    assert outside.status_code == 422
    auditor = world.sign_in(world.admin(tree["province"], role="org_auditor"))
    assert auditor.post(url, data=good).status_code == 403
    assert auditor.get("/orgs/province/tokens").status_code == 200


def test_administrators_see_and_revoke_the_tokens_of_their_subtree(
    client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    below, above = world.admin(tree["city"]), world.admin(tree["province"])
    headers = make(world.sign_in(below))
    assert client.get("/api/v1/orgs/city", headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code
    boss = world.token(above)
    rows = client.get("/api/v1/orgs/province/tokens?kind=personal&q=report", headers=boss).get_json()["items"]
    assert [(row["holder"], row["state"], row["used_from"]) for row in rows] == [
        (below.sign_in_name, "valid", "198.51.100.7")
    ]
    url = f"/api/v1/orgs/province/tokens/{rows[0]['id']}"
    assert client.get(url, headers=world.token(world.admin(tree["other"]))).status_code == 404
    assert client.delete(url, headers=boss).get_json()["revoked_at"]
    assert client.delete(url, headers=boss).status_code == 409
    assert status(client, "city", headers) == 401
    page = world.sign_in(above).get(f"/orgs/province/tokens/{rows[0]['id']}")
    assert below.sign_in_name in page.text
    mine = client.get("/api/v1/me/tokens", headers=boss).get_json()["items"]
    assert [one["name"] for one in mine] == ["test"]
    assert client.delete(f"/api/v1/me/tokens/{mine[0]['id']}", headers=boss).status_code == 200
    assert client.get("/api/v1/me", headers=boss).status_code == 401


def test_a_job_started_with_a_limited_token_may_no_more_than_the_token(
    app: Banyan, client: FlaskClient, world: World, tree: dict[str, Org]
) -> None:
    wanted = [READ, "tenancy.org:export", "tasks.task:create"]
    admin = world.admin(tree["province"])
    headers = make(world.sign_in(admin), organisations=["city"], reach="self", permissions=wanted)
    started = client.post("/api/v1/orgs/city/exports", json={"list": "organisations"}, headers=headers)
    assert started.status_code == 202, started.text
    task = world.session.scalars(select(LongTask)).one()
    with app.app_context(), app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
        actor = actor_of(session, task.created_by, task.token_id)
        assert [grant.path for grant in actor.grants] == [tree["city"].path]
        assert not any(grant.subtree for grant in actor.grants)
        assert actor.policy.roles["org_admin"].allowed == set(wanted)
        world.session.execute(update(ApiToken).values(revoked_at=world.clock.now()))
        world.session.commit()
        assert actor_of(session, task.created_by, task.token_id).grants == ()


def test_the_gate_asks_one_statement_for_a_limited_token(
    client: FlaskClient, world: World, tree: dict[str, Org], statements: list[str]
) -> None:
    browser = world.sign_in(world.admin(tree["province"]))
    limited, whole = make(browser, organisations=["city", "other"], permissions=[READ]), make(browser)
    asked = []
    for headers in (limited, whole):
        status(client, "city", headers)
        statements.clear()
        status(client, "city", headers)
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_a_token_that_ends_soon_says_so(
    app: Banyan, client: FlaskClient, world: World, tree: dict[str, Org], clock: FixedClock
) -> None:
    admin = world.admin(tree["province"])
    headers = service(world.sign_in(admin), last_day="2026-03-01")
    browser = world.sign_in(admin)
    assert "Banyan-Token-Expires" not in client.get("/api/v1/orgs/province", headers=headers).headers
    assert "即将到期" not in browser.get("/orgs/province/tokens?state=valid").text.split("<tbody", 1)[1]
    clock.instant += timedelta(days=10)
    told = client.get("/api/v1/orgs/province", headers=headers).headers["Banyan-Token-Expires"]
    assert told.startswith("2026-03-01T")
    boss = world.sign_in(admin)
    assert "即将到期" in boss.get("/orgs/province/tokens?state=ending").text.split("<tbody", 1)[1]
    for _time in range(2):
        with app.app_context():
            ctx = world.context(admin)
            warn_of_ends(ctx)
            ctx.session.commit()
            ctx.session.close()
    world.session.rollback()
    told_once = world.session.scalars(select(OutboxEvent).where(OutboxEvent.name == TokenEnding.NAME)).all()
    assert len(told_once) == 1
