"""The life of an organisation through the API: what is shown, what is done, what is kept, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.events import OutboxEvent
from banyan.kernel.jobs import LongTask
from banyan.modules.access.models import OrgRole, OrgRolePermission, RoleGrant
from banyan.modules.accounts.models import ApiToken, TokenPlace
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.life_models import OrgChange
from banyan.plugins.enablement import ModulePolicy
from tests.factories import World
from tests.modules.tenancy.lives import DECISION, Life, disagreements, fold, value


@pytest.fixture
def life(world: World, client: FlaskClient, db: Database) -> Life:
    return Life.arranged(world, client, db)


def fields(answer: Any) -> dict[str, str]:
    return {problem["field"]: problem["reason"] for problem in answer.get_json()["errors"]}


def english(life: Life) -> dict[str, str]:
    return {**life.headers, "Accept-Language": "en"}


def task(life: Life, org: Any, state: str = "done") -> LongTask:
    row = LongTask(
        org_id=org.id, org_path=org.path, kind="x", title="x", arguments={}, request_id="", state=state,
        created_at=life.world.clock.now(),
    )  # fmt: skip
    life.world.session.add(row)
    life.world.session.commit()
    return row


@pytest.mark.clause("ORG-05")
def test_a_renamed_organisation_is_found_by_its_new_name_and_keeps_its_old_one(life: Life, db: Database) -> None:
    document = str(life.world.document(life.admin, life.county).id)
    shown = life.preview("county", "rename", name="朝阳新区")
    assert [(one["before"], one["after"]) for one in shown["differences"]] == [("朝阳区", "朝阳新区")]
    body = {**DECISION, "name": "朝阳新区", "document": document, "plan": shown["plan"]}

    answer = life.ask("POST", "county", "rename", **body)

    assert answer.status_code == 200, answer.get_json()
    found = life.client.get("/api/v1/orgs/province/organisations?q=朝阳新", headers=life.headers).get_json()["items"]
    assert [row["code"] for row in found] == ["county"], "the code stays"
    (step,) = life.client.get("/api/v1/orgs/county/life/history", headers=english(life)).get_json()
    assert (step["kind"], step["decided_on"], step["number"]) == ("rename", "2026-02-02", "吉团发〔2026〕8号")
    assert step["values"][0] == {"field": "Name", "before": "朝阳区", "after": "朝阳新区"}
    assert life.client.get(f"/api/v1/orgs/county/files/{document}", headers=life.headers).status_code != 404
    assert life.ask("POST", "county", "rename/preview", **DECISION, name="朝阳新区").status_code == 422


def test_a_name_mended_without_a_decision_is_kept_in_the_history_as_well(life: Life) -> None:
    edit = {
        "name": "朝阳县",
        "short_name": "",
        "founded_on": "2001-01-01",
        "person_in_charge": "成员",
        "phone": "13800000000",
    }
    version = life.org("county").version
    assert (
        life.client.put("/api/v1/orgs/county", json={**edit, "version": version}, headers=life.headers).status_code
        == 200
    )
    (step,) = life.client.get("/api/v1/orgs/county/life/history", headers=life.headers).get_json()
    assert (step["values"][0]["before"], step["decided_on"]) == ("朝阳区", None)


@pytest.mark.clause("ORG-05")
def test_a_moved_organisation_takes_everything_along(life: Life, db: Database, urls: Urls, world: World) -> None:
    village = world.admin(life.street)
    own, token = task(life, life.street), world.token(village)
    browser = world.sign_in(village)
    shown = life.preview("county", "move", parent="right")
    numbers = {one["what"]: one["n"] for one in shown["numbers"]}
    assert (numbers["organisations"], numbers["accounts"], numbers["grants"]) == (2, 1, 1)
    assert shown["reasons"] == []

    document = world.document(life.admin, life.county)
    answer = life.do("county", "move", parent="right", document=str(document.id))

    assert answer.status_code == 200, answer.get_json()
    county, street = life.org("county"), life.org("street")
    assert (county.path, street.path) == (life.right.path + "2.", life.right.path + "2.1.")
    assert value(world, "SELECT org_path FROM long_task WHERE id = :id", id=own.id) == street.path
    assert life.client.get("/api/v1/orgs/street", headers=token).status_code == 200, "tokens keep working"
    assert browser.get("/orgs/street/profile").status_code == 200, "sessions keep working"
    assert life.client.get("/api/v1/orgs/other", headers=token).status_code == 404
    search = life.client.get("/api/v1/orgs/right/organisations?q=桂林", headers=life.headers).get_json()
    assert [row["code"] for row in search["items"]] == ["street"]
    fold(db, world.clock)
    sums = "SELECT value FROM stat WHERE org_id = :id AND metric = 'org.active'"
    assert [value(world, sums, id=org.id) for org in (life.province, life.left, life.right)] == [6, 1, 4]
    events = world.session.scalars(select(OutboxEvent.name).where(OutboxEvent.org_id == county.id)).all()
    assert "tenancy.org.moved" in events
    (step,) = life.client.get("/api/v1/orgs/county/life/history", headers=life.headers).get_json()
    assert [(one["before"], one["after"]) for one in step["values"]] == [("吉林省 / 长春市", "吉林省 / 吉林市")]
    next_child = life.org("right")
    assert next_child.last_ordinal == 2
    assert disagreements(db, urls.owner) == []


@pytest.mark.clause("ORG-05")
@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        ("county", {"parent": "street"}, "cannot stand below itself"),
        ("county", {"parent": "county"}, "cannot stand below itself"),
        ("county", {"parent": "left"}, "stands below 长春市 already"),
        ("left", {"parent": "other"}, "deeper than that of the parent"),
        ("province", {"parent": "left"}, "top of its tree"),
        ("county", {"parent": "elsewhere"}, "another tree"),
    ],
)
def test_moves_that_may_not_be_say_why(life: Life, code: str, body: dict[str, str], reason: str) -> None:
    elsewhere = life.world.org(code="elsewhere", level="city")
    life.world.grant(life.admin, elsewhere)
    shown = life.ask("POST", code, "move/preview", english(life), **DECISION, **body).get_json()
    assert any(reason in one for one in shown["reasons"]), shown
    answer = life.ask("POST", code, "move", english(life), **DECISION, **body, plan=shown["plan"])
    assert answer.status_code == 409
    assert life.org(code).path == {"county": life.county, "left": life.left, "province": life.province}[code].path


@pytest.mark.clause("ORG-05")
def test_authority_is_needed_over_both_sides(life: Life, world: World) -> None:
    one_side = world.token(world.admin(life.left))
    answer = life.ask("POST", "county", "move/preview", one_side, **DECISION, parent="right")
    assert (answer.status_code, list(fields(answer))) == (422, ["parent"]), "out of reach is as unknown"
    unknown = life.ask("POST", "county", "move/preview", one_side, **DECISION, parent="nowhere")
    assert fields(unknown) == fields(answer)
    below = world.token(world.admin(life.county))
    answer = life.ask("POST", "county", "move/preview", below, **DECISION, parent="county")
    assert answer.status_code == 403, "nobody leaves the organisation above alone"
    assert life.ask("POST", "other", "move/preview", one_side, **DECISION, parent="left").status_code == 404
    both = world.admin(life.left)
    world.grant(both, life.right)
    headers = world.token(both)
    shown = life.ask("POST", "county", "move/preview", headers, **DECISION, parent="right").get_json()
    done = life.ask("POST", "county", "move", headers, **DECISION, parent="right", plan=shown["plan"])
    assert done.status_code == 200, "two grants that share no organisation are authority over both sides"


def test_what_is_confirmed_is_what_was_shown(life: Life, world: World) -> None:
    plan = life.preview("county", "move", parent="right")["plan"]
    world.account(life.street)
    answer = life.ask("POST", "county", "move", english(life), **DECISION, parent="right", plan=plan)
    assert answer.status_code == 409
    assert "changed since it was shown" in str(answer.get_json())
    assert life.ask("POST", "county", "move", **DECISION, parent="other", plan=plan).status_code == 409
    assert life.org("county").path == life.county.path


def test_a_moved_organisation_comes_under_what_is_laid_down_there(life: Life, world: World) -> None:
    role = OrgRole(
        org_id=life.left.id, org_path=life.left.path, name="干事", stamp=1, created_at=world.clock.now(),
        lines=[OrgRolePermission(permission="tenancy.org:read")],
    )  # fmt: skip
    world.session.add(role)
    world.session.commit()
    holder = world.account(life.street)
    grant = world.grant(holder, life.street, role.key)
    kept = world.grant(holder, life.street, "org_auditor")

    shown = life.preview("county", "move", parent="right")
    assert len(shown["losses"]) == 1
    assert life.do("county", "move", parent="right").status_code == 200

    ended = {
        row.id: row.ended_at
        for row in world.session.scalars(select(RoleGrant).execution_options(populate_existing=True))
    }
    assert ended[grant.id] is not None, "those who defined the role are not above any more"
    assert ended[kept.id] is None


@pytest.mark.clause("ORG-05")
def test_a_merged_organisation_gives_all_it_has(life: Life, db: Database, urls: Urls, world: World) -> None:
    account, files = world.admin(life.county), world.document(life.admin, life.county)
    mine = task(life, life.county)
    for org in (life.county, life.other):
        world.session.add(
            OrgRole(org_id=org.id, org_path=org.path, name="干事", stamp=1, created_at=world.clock.now(), lines=[])
        )
    world.session.add(
        ModulePolicy(
            org_id=life.county.id,
            org_path=life.county.path,
            module="gone",
            policy="mandatory",
            set_at=world.clock.now(),
        )
    )
    world.session.commit()

    shown = life.preview("county", "merge", into="other")
    assert shown["reasons"] == []
    assert len(shown["losses"]) == 2, shown["losses"]
    answer = life.do("county", "merge", into="other")

    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["code"] == "other"
    county, other, street = life.org("county"), life.org("other"), life.org("street")
    assert (county.status, county.successor_id, street.parent_id) == ("merged", other.id, other.id)
    for table, identity in (("account", account.id), ("stored_file", files.id), ("long_task", mine.id)):
        assert value(world, f"SELECT org_id FROM {table} WHERE id = :id", id=identity) == other.id
    names = set(world.session.scalars(select(OrgRole.name).where(OrgRole.org_id == other.id)))
    assert names == {"干事", "干事 (county)"}
    assert life.client.get("/api/v1/orgs/street", headers=world.token(account)).status_code == 200
    steps = life.client.get("/api/v1/orgs/other/life/history", headers=life.headers).get_json()
    assert [(step["kind"], step["other"]) for step in steps] == [("merge", "朝阳区")]
    again = life.client.post("/api/v1/orgs/left/organisations", json={"code": "county"}, headers=life.headers)
    assert again.status_code == 422, "a code is never given again"
    assert life.ask("POST", "county", "rename/preview", **DECISION, name="复活").status_code == 409
    assert life.client.get("/api/v1/orgs/county", headers=life.headers).get_json()["status"] == "merged"
    fold(db, world.clock)
    assert disagreements(db, urls.owner) == []
    assert value(world, "SELECT value FROM stat WHERE org_path = '1.' AND metric = 'org.active'") == 5


@pytest.mark.clause("ORG-05")
@pytest.mark.parametrize(
    ("code", "into", "reason"),
    [
        ("county", "county", "into itself"),
        ("county", "street", "into one below it"),
        ("province", "left", "into one below it"),
        ("street", "elsewhere", "another tree"),
    ],
)
def test_mergers_that_may_not_be_say_why(life: Life, code: str, into: str, reason: str) -> None:
    elsewhere = life.world.org(code="elsewhere")
    life.world.grant(life.admin, elsewhere)
    shown = life.ask("POST", code, "merge/preview", english(life), **DECISION, into=into).get_json()
    assert any(reason in one for one in shown["reasons"]), shown
    assert life.ask("POST", code, "merge", **DECISION, into=into, plan=shown["plan"]).status_code == 409


@pytest.mark.clause("ORG-05")
def test_a_split_takes_those_chosen(life: Life, db: Database, urls: Urls, world: World) -> None:
    second = world.org(life.county, "second", name="南湖街道")
    life.count(db, second)
    new = {
        "name": "朝阳西区", "code": "county-west", "founded_on": "2026-01-05", "person_in_charge": "成员001",
        "phone": "0431-88880000",
    }  # fmt: skip
    for wrong in ([], ["left"], ["nowhere"]):
        answer = life.ask("POST", "county", "split/preview", **DECISION, **new, children=wrong)
        assert (answer.status_code, list(fields(answer))) == (422, ["children"])
    taken = life.ask("POST", "county", "split/preview", **DECISION, **{**new, "code": "left"}, children=["second"])
    assert list(fields(taken)) == ["code"]

    answer = life.do("county", "split", **new, children=["second"])

    assert answer.status_code == 200, answer.get_json()
    west = life.org("county-west")
    assert (west.level, west.type, west.parent_id) == ("county", "league", life.left.id)
    assert life.org("second").parent_id == west.id
    assert life.org("street").parent_id == life.county.id
    kinds = [
        (step["kind"], step["other"])
        for step in life.client.get("/api/v1/orgs/county/life/history", headers=life.headers).get_json()
    ]
    assert kinds == [("split", "朝阳西区")]
    payload = world.session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == "tenancy.org.split")).one()
    assert payload["moved"] == [str(second.id)]
    assert disagreements(db, urls.owner) == []
    fold(db, world.clock)
    assert disagreements(db, urls.owner) == []


@pytest.mark.clause("ORG-04")
def test_a_revocation_is_refused_with_every_reason_at_once(life: Life, world: World) -> None:
    task(life, life.county, "running")
    code = life.client.post("/api/v1/orgs/county/registration-codes", json={}, headers=life.headers)
    assert code.status_code == 201, code.get_json()

    shown = life.client.get("/api/v1/orgs/county/life/revocation", headers=english(life)).get_json()
    said = " ".join(shown["reasons"])
    for reason in ("not been recorded", "stand below it: 1", "under way: 1", "still be used: 1"):
        assert reason in said, said
    answer = life.ask("PUT", "county", "revocation", english(life), plan=shown["plan"])
    assert answer.status_code == 409
    assert len(answer.get_json()["reasons"]) == len(shown["reasons"]) == 4
    assert life.org("county").status == "active"


@pytest.mark.clause("ORG-04")
def test_a_revoked_organisation_can_be_read_and_nothing_else(
    life: Life, db: Database, urls: Urls, world: World
) -> None:
    secretary = world.admin(life.street)
    token = world.token(secretary)
    decided = life.ask("POST", "street", "revocation", **DECISION)
    assert decided.status_code == 201
    assert decided.get_json()["due_on"] == "2026-02-28", "15 working days from 2 February, over Spring Festival"
    assert life.ask("POST", "street", "revocation", **DECISION).status_code == 409
    listed = life.client.get("/api/v1/orgs/province/life/revocations?standing=open", headers=life.headers).get_json()
    assert [(row["code"], row["standing"]) for row in listed["items"]] == [("street", "open")]
    shown = life.client.get("/api/v1/orgs/street/life/revocation", headers=life.headers).get_json()

    answer = life.ask("PUT", "street", "revocation", plan=shown["plan"])

    assert answer.status_code == 200, answer.get_json()
    assert life.client.get("/api/v1/orgs/street", headers=life.headers).get_json()["status"] == "revoked"
    assert life.client.get("/api/v1/orgs/street", headers=token).status_code == 404, "nobody acts in its name"
    world.session.expire_all()
    for method, url, body in (
        ("PUT", "/api/v1/orgs/street", {}),
        ("POST", "/api/v1/orgs/street/organisations", {}),
        ("POST", "/api/v1/orgs/street/registration-codes", {}),
        ("PUT", "/api/v1/orgs/street/life/revocation", {"plan": shown["plan"]}),
    ):
        refused = life.client.open(url, method=method, json=body, headers=english(life))
        assert refused.status_code == 409, url
        assert "has been revoked" in str(refused.get_json())
    held = {"account": secretary.sign_in_name, "role": "org_auditor", "organisation": "street", "reach": "self"}
    grant = life.client.post("/api/v1/orgs/province/grants", json=held, headers=life.headers)
    assert grant.status_code == 409, grant.get_json()
    moved = life.preview("other", "move", parent="left")
    assert moved["reasons"] == []
    listed = life.client.get("/api/v1/orgs/province/life/revocations?standing=done", headers=life.headers).get_json()
    assert [row["code"] for row in listed["items"]] == ["street"]
    log = world.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(life.street.id))).all()
    assert "tenancy.org.revoked" in log
    fold(db, world.clock)
    assert disagreements(db, urls.owner) == []


@pytest.mark.clause("ORG-04")
def test_a_late_revocation_is_told_and_one_can_be_undone_for_a_while(
    life: Life, world: World, db: Database, urls: Urls
) -> None:
    secretary = world.admin(life.street)
    assert life.ask("POST", "street", "revocation", **{**DECISION, "decided_on": "2026-01-05"}).status_code == 201
    overdue = life.client.get("/api/v1/orgs/province/life/revocations?standing=overdue", headers=life.headers)
    assert [row["standing"] for row in overdue.get_json()["items"]] == ["overdue"]
    shown = life.client.get("/api/v1/orgs/street/life/revocation", headers=life.headers).get_json()
    assert life.ask("PUT", "street", "revocation", plan=shown["plan"]).status_code == 200
    late = life.client.get("/api/v1/orgs/province/life/revocations?standing=late", headers=life.headers)
    assert [row["code"] for row in late.get_json()["items"]] == ["street"]

    answer = life.ask("POST", "street", "restoration", decided_on="2026-02-12")

    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["status"] == "active"
    assert life.client.get("/api/v1/orgs/street", headers=world.token(secretary)).status_code == 200
    assert life.revoke("street").status_code == 200
    world.clock.instant += timedelta(days=31)
    refused = life.ask("POST", "street", "restoration", english(life), decided_on="2026-03-12")
    assert (refused.status_code, "within 30 days" in str(refused.get_json())) == (409, True)
    fold(db, world.clock)
    assert disagreements(db, urls.owner) == []


@pytest.mark.clause("ORG-04")
def test_nobody_revokes_their_own_organisation(life: Life, world: World) -> None:
    own = world.token(world.admin(life.street))
    assert life.ask("POST", "street", "revocation", own, **DECISION).status_code == 403
    assert life.ask("DELETE", "street", "revocation", life.headers).status_code == 404
    assert life.ask("POST", "street", "revocation", **DECISION).status_code == 201
    assert life.ask("DELETE", "street", "revocation").status_code == 200
    assert life.ask("DELETE", "street", "revocation").status_code == 404


@pytest.mark.clause("ORG-04")
def test_a_module_that_cannot_answer_stands_in_the_way(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    from banyan.modules.tasks import plugin

    def broken(ctx: Any, org: Any) -> list[str]:
        ctx.session.execute(select(OrgChange.id).where(OrgChange.kind == 1))
        return []

    monkeypatch.setattr(plugin, "banyan_org_revocable", broken)
    shown = life.client.get("/api/v1/orgs/street/life/revocation", headers=english(life)).get_json()
    assert any("Long tasks" in one and "could not say" in one for one in shown["reasons"]), shown


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decided_on": "2026-02-13"}, "decided_on"),
        ({"decided_on": "1999-01-01"}, "decided_on"),
        ({"decided_on": "soon"}, "decided_on"),
        ({"document": "01900000-0000-7000-8000-000000000000"}, "document"),
        ({"number": "x" * 61}, "number"),
    ],
)
def test_a_decision_that_cannot_be_is_answered_with_its_field(
    life: Life, session: ScopedSession, body: dict[str, str], field: str
) -> None:
    session.execute(select(OrgChange))
    life.world.session.merge(life.county).founded_on = life.world.clock.now().date().replace(year=2000)
    life.world.session.commit()
    answer = life.ask("POST", "county", "rename/preview", **{**DECISION, "name": "新名", **body})
    if answer.status_code == 200:
        body = {**DECISION, "name": "新名", **body, "plan": answer.get_json()["plan"]}
        answer = life.ask("POST", "county", "rename", **body)
    assert (answer.status_code, list(fields(answer))) == (422, [field])


def test_what_both_organisations_have_only_once_is_told_before_they_merge(life: Life, world: World) -> None:
    world.token(life.admin)
    token = world.session.scalars(select(ApiToken).where(ApiToken.account_id == life.admin.id)).first()
    assert token is not None
    for org in (life.county, life.other):
        world.session.add(TokenPlace(token_id=token.id, org_id=org.id, org_path=org.path, reach="self"))
    world.session.commit()
    shown = life.ask("POST", "county", "merge/preview", english(life), **DECISION, into="other").get_json()
    assert any("both organisations have: 1" in one for one in shown["reasons"]), shown
