"""The chain in the console and in the API: an entry's place in it, and what verifications found."""

from __future__ import annotations

import threading
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.cli.worker import runner
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import run_long_task
from banyan.modules.audit import jobs
from banyan.modules.audit.cli import audit
from banyan.modules.audit.models import AuditEntry, AuditVerification
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.models import Org
from tests.factories import World
from tests.modules.audit.meddling import meddling

pytestmark = pytest.mark.clause("SYS-01")


@pytest.fixture
def land(world: World) -> dict[str, Org]:
    root = world.org(code="root", name="吉林省委")
    found = {"root": root, "city": world.org(root, "city", "长春市委"), "other": world.org(root, "other")}
    for org in found.values():
        ctx = world.context(world.account(org), org)
        with world.app.app_context(), ctx.session as session:
            before = {"name": "旧", "phone": "1", "parent": str(root.id), "note": ""}
            after = {"name": "新", "phone": "", "parent": str(found["root"].id), "note": "长" * 300}
            for _time in range(2):
                record(ctx, "tenancy.org.update", Subject("org", str(org.id), org.name), before=before, after=after)
            session.commit()
    return found


def entry_at(world: World, org: Org) -> AuditEntry:
    return world.session.scalars(
        select(AuditEntry).where(AuditEntry.org_id == org.id).order_by(AuditEntry.at, AuditEntry.id).limit(1)
    ).one()


def verify(world: World, clock: FixedClock) -> None:
    """As the weekly job does."""
    ctx = world.context(world.account(world.session.scalars(select(Org).where(Org.code == "root")).one()))
    with world.app.app_context(), ctx.session as session:
        jobs.verify(ctx)
        session.commit()


def test_an_entry_shows_its_place_in_the_chain_and_what_lies_beside_it(
    world: World, land: dict[str, Org], clock: FixedClock, urls: Urls
) -> None:
    entry, headers = entry_at(world, land["city"]), world.token(world.admin(land["city"]))
    client, url = world.app.test_client(), f"/api/v1/orgs/city/audit-entries/{entry.id}"
    told = client.get(url, headers=headers).get_json()
    assert told["proof"] | {"sound": True, "verified_at": None} == told["proof"]
    assert told["proof"]["hash"] == entry.hash.hex()
    assert [(one["key"], one["kind"]) for one in told["changes"]] == [
        ("name", "changed"),
        ("parent", "same"),
        ("phone", "removed"),
        ("note", "added"),
    ]
    later = told["beside"]["subject_after"]
    assert told["beside"] == {
        "subject_before": None, "subject_after": later, "request_before": None, "request_after": later,
    }  # fmt: skip
    assert client.get(url.replace(str(entry.id), later), headers=headers).get_json()["beside"]["subject_before"]
    verify(world, clock)
    assert client.get(url, headers=headers).get_json()["proof"]["verified_at"] is not None
    with meddling(urls) as hand:
        hand.execute("UPDATE audit_entry SET outcome = 'failed' WHERE id = %s", [entry.id])
    assert client.get(url, headers=headers).get_json()["proof"]["sound"] is False
    browser = world.sign_in(world.admin(land["root"]))
    browser.set_cookie("lang", "en")
    page = browser.get(f"/orgs/root/audit/{entry.id}").text
    for said in ("Altered", "Added", "Removed", "吉林省委 (", "/orgs/city/profile", "<details"):
        assert said in page, said


def test_what_was_found_is_told_to_all_and_entries_only_to_those_who_may_see_them(
    world: World, land: dict[str, Org], clock: FixedClock, urls: Urls
) -> None:
    admin = world.admin(land["city"])
    client, headers = world.app.test_client(), world.token(admin)
    assert client.get("/api/v1/orgs/city/audit-verifications", headers=headers).get_json() == {
        "last": None,
        "items": [],
    }
    assert "shield-check" in world.sign_in(admin).get("/orgs/city/audit/chain").text
    verify(world, clock)
    last = client.get("/api/v1/orgs/city/audit-verifications", headers=headers).get_json()["last"]
    assert (last["intact"], last["entries"], last["findings"]) == (True, 6, [])
    ids = [entry_at(world, land[code]).id for code in ("city", "other")]
    with meddling(urls) as hand:
        hand.execute("UPDATE audit_entry SET outcome = 'failed' WHERE id = ANY(%s)", [ids])
    verify(world, clock)
    last = client.get("/api/v1/orgs/city/audit-verifications", headers=headers).get_json()["last"]
    assert (last["intact"], last["found"]) == (False, 2)
    assert {one["entry"] for one in last["findings"]} == {str(ids[0]), None}
    page = world.sign_in(admin).get("/orgs/city/audit/chain").text
    assert f"/orgs/city/audit/{ids[0]}" in page
    assert str(ids[1]) not in page


def test_a_verification_is_asked_for_at_the_top_once_at_a_time(
    world: World, land: dict[str, Org], app: Banyan, clock: FixedClock
) -> None:
    client, root = app.test_client(), world.token(world.admin(land["root"]))
    city = world.token(world.admin(land["city"]))
    assert client.post("/api/v1/orgs/city/audit-verifications", headers=city).status_code == 409
    started = client.post("/api/v1/orgs/root/audit-verifications", headers=root)
    assert started.status_code == 202
    assert client.post("/api/v1/orgs/root/audit-verifications", headers=root).status_code == 409
    browser = world.sign_in(world.admin(land["root"]))
    assert browser.post("/orgs/root/audit/chain").location.endswith("/orgs/root/audit/chain")
    identity = UUID(started.get_json()["task"])
    run_long_task(runner(app, threading.Event()), identity)
    world.session.expire_all()
    task = world.session.get_one(LongTask, identity)
    assert (task.state, task.done) == ("done", world.session.scalars(select(AuditVerification.entries)).one())
    assert browser.post("/orgs/root/audit/chain").location.split("/")[-2] == "tasks"


def test_the_command_names_what_it_finds(urls: Urls, land: dict[str, Org], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", urls.owner)
    monkeypatch.setenv("DATABASE_APP_URL", urls.app)
    fine = CliRunner().invoke(audit, ["verify"])
    assert (fine.exit_code, "0 disagreements" in fine.output) == (0, True), fine.output
    with psycopg.connect(urls.owner) as owner:
        row = owner.execute("SELECT id FROM audit_entry ORDER BY at, id LIMIT 1").fetchone()
    assert row is not None
    with meddling(urls) as hand:
        hand.execute("UPDATE audit_entry SET action = 'x' WHERE id = %s", row)
    told = CliRunner().invoke(audit, ["verify", "--since", "2026-01-01"])
    assert (told.exit_code, f"{row[0]}" in told.output, "altered" in told.output) == (1, True, True)
    machine = CliRunner().invoke(audit, ["verify", "--json"])
    assert (machine.exit_code, '"kind":"altered"' in machine.output) == (1, True)
