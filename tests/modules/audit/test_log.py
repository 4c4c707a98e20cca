"""The audit log, read by those whom it concerns."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.session import ScopedSession
from banyan.modules.audit.history import history
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.tenancy.models import Org
from tests.factories import World


@pytest.fixture
def land(world: World) -> dict[str, Org]:
    """A province, two cities, and one thing that was done in each."""
    province = world.org(code="province")
    found = {"province": province, "city": world.org(province, "city"), "other": world.org(province, "other")}
    for org in found.values():
        did(world, org, f"在{org.code}")
    return found


def did(world: World, org: Org, label: str, action: str = "tenancy.org.update", **more: Any) -> None:
    """Somebody did something at ``org``."""
    ctx = world.context(world.account(org), org)
    with world.app.app_context(), ctx.session as session:
        record(ctx, action, Subject("org", str(org.id), label), **more)
        session.commit()


def subjects(world: World, org: Org, query: str = "") -> list[str]:
    """What the log of ``org`` lists, to its administrator."""
    headers = world.token(world.admin(org))
    answer = world.app.test_client().get(f"/api/v1/orgs/{org.code}/audit-entries?{query}", headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return [row["subject"] for row in answer.get_json()["items"]]


@pytest.mark.clause("ORG-08")
def test_one_reads_what_was_done_here_and_below_and_nothing_beside(world: World, land: dict[str, Org]) -> None:
    assert set(subjects(world, land["province"])) == {"在province", "在city", "在other"}
    assert subjects(world, land["city"]) == ["在city"]


def test_newest_first_page_by_page(world: World, land: dict[str, Org], clock: FixedClock) -> None:
    for number in range(5):
        clock.instant += timedelta(minutes=1)
        did(world, land["city"], f"第{number}")
    headers = world.token(world.admin(land["city"]))
    url, seen = "/api/v1/orgs/city/audit-entries?size=2", []
    while url:
        page = world.app.test_client().get(url, headers=headers).get_json()
        seen += [row["subject"] for row in page["items"]]
        url = f"/api/v1/orgs/city/audit-entries?size=2&after={page['next']}" if page["next"] else ""
    assert seen == ["第4", "第3", "第2", "第1", "第0", "在city"]


def test_filters_narrow_it(world: World, land: dict[str, Org], clock: FixedClock) -> None:
    clock.instant += timedelta(days=2)
    did(world, land["city"], "拒绝", "access.request.refuse", outcome="refused")
    province = land["province"]
    assert subjects(world, province, "outcome=refused") == ["拒绝"]
    assert subjects(world, province, "action=access.request.refuse") == ["拒绝"]
    assert subjects(world, province, "organisation=other") == ["在other"]
    assert subjects(world, province, "from=2026-02-14&until=2026-02-14") == ["拒绝"]
    assert len(subjects(world, province, "until=2026-02-13")) == 3
    name = world.session.scalars(select(AuditEntry.account_name).where(AuditEntry.subject_label == "拒绝")).one()
    assert subjects(world, province, f"account={name.upper()}") == ["拒绝"]


def test_an_entry_says_field_by_field_what_was_and_what_became(world: World, land: dict[str, Org]) -> None:
    before, after = changes(
        {"name": "旧名", "phone": "1", "password_hash": "old"}, {"name": "新名", "phone": "1", "password_hash": "new"}
    )
    did(world, land["city"], "改名", before=before, after=after)
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_label == "改名")).one()
    headers = world.token(world.admin(land["city"]))
    answer = world.app.test_client().get(f"/api/v1/orgs/city/audit-entries/{entry.id}", headers=headers).get_json()
    assert [(item["key"], item["before"], item["after"]) for item in answer["changes"]] == [("name", "旧名", "新名")]
    page = world.sign_in(world.admin(land["city"])).get(f"/orgs/city/audit/{entry.id}").text
    assert "旧名" in page
    assert "新名" in page
    assert "password" not in page, "secrets are never written"


def test_an_entry_shows_the_decision_behind_it(world: World, land: dict[str, Org]) -> None:
    admin, clerk = world.admin(land["city"]), world.account(land["city"])
    body = {"account": clerk.sign_in_name, "role": "treasurer", "reach": "self"}
    client, headers = world.app.test_client(), world.token(admin)
    made = client.post("/api/v1/orgs/city/grants", json=body, headers=headers).get_json()
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == made["id"])).one()
    answer = client.get(f"/api/v1/orgs/city/audit-entries/{entry.id}", headers=headers).get_json()
    assert answer["decision"]["allowed"] is True
    assert answer["decision"]["grant"]
    assert answer["via"]
    page = world.sign_in(admin).get(f"/orgs/city/audit/{entry.id}")
    assert page.status_code == 200


def test_foreign_and_unknown_entries_are_alike(world: World, land: dict[str, Org]) -> None:
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_label == "在other")).one()
    headers = world.token(world.admin(land["city"]))
    client = world.app.test_client()
    for identity in (entry.id, uuid4()):
        assert client.get(f"/api/v1/orgs/city/audit-entries/{identity}", headers=headers).status_code == 404


def test_history_tells_what_was_done_to_one_thing_as_far_as_one_may_see(world: World, land: dict[str, Org]) -> None:
    city = land["city"]
    for who, expected in ((world.admin(city), ["在city"]), (world.admin(city, "member"), [])):
        ctx = world.context(who, city)
        with world.app.app_context(), ctx.session:
            assert [entry.subject for entry in history(ctx, "org", str(city.id))] == expected
            assert history(ctx, "org", str(land["other"].id)) == []


def test_the_log_follows_an_organisation_that_moved(world: World, land: dict[str, Org], session: ScopedSession) -> None:
    county = world.org(land["city"], "county")
    did(world, county, "在county")
    county.parent_id, county.path = land["other"].id, f"{land['other'].path}9."
    session.commit()
    assert "在county" in subjects(world, land["other"])
    assert "在county" not in subjects(world, land["city"])


def test_the_list_has_words_for_actions(world: World, land: dict[str, Org]) -> None:
    browser = world.sign_in(world.admin(land["city"]))
    browser.set_cookie("lang", "en")
    page = browser.get("/orgs/city/audit").text
    assert re.search(r'<option value="access.grant.grant"[^>]*>Role granted', page)


def test_the_application_can_neither_change_nor_delete_an_entry(world: World, land: dict[str, Org]) -> None:
    ctx = world.context(world.account(land["city"]), land["city"])
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
        with ctx.session as session, pytest.raises(Exception, match="permission denied"):
            session.connection().exec_driver_sql(statement)
