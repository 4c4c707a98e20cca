"""Sensitive data is masked everywhere, and seen in clear with a right and a reason alone, which is written down."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.kernel.events import OutboxEvent
from banyan.kernel.jobs import LongTask
from banyan.kernel.sealing import CANNOT_BE_READ
from banyan.kernel.worker import run_long_task
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.models import Member
from banyan.modules.privacy.models import Look, ManyLooks
from banyan.plugins import settings
from tests.modules.privacy.conftest import ADDRESS, CLEAR, EMAIL, NUMBER, PHONE, Known

ASK = {"fields": ["document_number", "phone"], "reason": "verify", "note": "核对入团材料"}
FORM = {**ASK, "_shown": "fields reason note"}


def sheet(client: FlaskClient, url: str) -> list[tuple[Any, ...]]:
    """The rows of an Excel file."""
    with client.get(url) as answer:
        return list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))


@pytest.mark.clause("PPL-05")
def test_nobody_sees_anything_in_clear_without_asking(known: Known) -> None:
    client, url = known.client(), known.url
    headers = known.world.token(known.world.admin(known.registry.branch))
    list_url = f"/api/v1/orgs/{known.registry.branch.code}/members"
    for answer in (
        client.get(f"{url}/"),
        client.get(f"/orgs/{known.registry.branch.code}/members/?cols=document,phone"),
        client.get(f"{url}/reveal"),
        client.get(f"{url}/privacy", headers={"HX-Request": "true"}),
        client.get(known.api, headers=headers),
        client.get(list_url, headers=headers),
    ):
        assert answer.status_code == 200, answer.request.path
        assert not [one for one in CLEAR.values() if one in answer.text], answer.request.path
    assert known.world.session.scalars(select(Look)).all() == []


@pytest.mark.clause("PPL-05")
def test_a_look_shows_what_was_asked_for_once_and_is_written_down(known: Known) -> None:
    answer = known.client("branch_secretary").post(f"{known.url}/reveal", data=FORM)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert NUMBER in answer.text
    assert PHONE in answer.text
    assert EMAIL not in answer.text
    assert ADDRESS not in answer.text
    look = known.world.session.scalars(select(Look)).one()
    assert (look.member_id, look.fields, look.reason, look.note, look.how) == (
        known.member.id, ["document_number", "phone"], "verify", "核对入团材料", "page",
    )  # fmt: skip
    entry = known.world.session.scalars(select(AuditEntry).where(AuditEntry.action == "privacy.member.reveal")).one()
    assert entry.after == {"look_fields": ASK["fields"], "look_reason": "verify", "look_note": "核对入团材料"}
    assert entry.decision is not None
    assert (entry.decision["allowed"], entry.decision["role"]) == (True, "branch_secretary")


@pytest.mark.clause("PPL-05")
@pytest.mark.parametrize(
    "wrong",
    [{"reason": ""}, {"note": "x"}, {"note": ""}, {"fields": []}, {"fields": ["name"]}, {"reason": "curiosity"}],
)
def test_without_a_reason_or_a_field_nothing_is_shown(known: Known, wrong: dict[str, Any]) -> None:
    answer = known.client().post(f"{known.url}/reveal", data={**FORM, **wrong})
    assert answer.status_code == 422
    assert NUMBER not in answer.text
    headers = known.world.token(known.world.admin(known.registry.branch))
    assert known.client().post(f"{known.api}/reveal", json={**ASK, **wrong}, headers=headers).status_code == 422
    assert known.world.session.scalars(select(Look)).all() == []


@pytest.mark.clause("PPL-05")
def test_the_right_counts_where_the_member_is(known: Known) -> None:
    registry = known.registry
    assert known.client("org_auditor").post(f"{known.url}/reveal", data=FORM).status_code == 403
    elsewhere = known.client(place=registry.other)
    assert elsewhere.post(f"{known.url}/reveal", data=FORM).status_code == 404
    assert known.client(place=registry.city).post(f"{known.url}/reveal", data=FORM).status_code == 200
    only_city = registry.world.sign_in(registry.world.admin(registry.city, "org_admin", "self"))
    assert only_city.post(f"/orgs/{registry.city.code}/members/{known.member.id}/reveal", data=FORM).status_code == 404
    assert len(known.world.session.scalars(select(Look)).all()) == 1


@pytest.mark.clause("PPL-05")
def test_the_api_asks_for_the_same_reason(known: Known) -> None:
    headers = known.world.token(known.world.admin(known.registry.branch))
    answer = known.client().post(f"{known.api}/reveal", json=ASK, headers=headers)
    assert answer.status_code == 200
    assert answer.json == {
        "member_id": str(known.member.id), "values": {"document_number": NUMBER, "phone": PHONE},
    }  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-store"
    listed = known.client().get(f"/api/v1/orgs/{known.registry.branch.code}/privacy/looks", headers=headers)
    assert [(row["reason"], row["how"]) for row in listed.json["items"]] == [("verify", "api")]
    assert NUMBER not in listed.text


@pytest.mark.clause("PPL-05")
def test_a_value_that_cannot_be_opened_is_told_and_no_error(known: Known, urls: Any) -> None:
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute("UPDATE member SET phone_sealed = %s", [bytes([2]) + b"abcd" * 10])
    client = known.client()
    with known.world.app.test_request_context():
        told = str(CANNOT_BE_READ)
    assert told in client.get(f"{known.url}/").text
    answer = client.post(f"{known.url}/reveal", data=FORM)
    assert answer.status_code == 200
    assert told in answer.text
    assert NUMBER in answer.text


@pytest.mark.clause("PPL-05")
def test_many_looks_in_a_day_are_told_once(known: Known) -> None:
    registry, session = known.registry, known.world.session
    with known.world.app.app_context():
        from banyan.plugins import manager

        settings.set_value(
            session, manager.current(), registry.branch.ref, "privacy.looks_a_day", 2,
            by=None, at=known.world.clock.now(),
        )  # fmt: skip
    session.commit()
    members = [known.member, *(registry.admit(name=f"成员00{n}") for n in (2, 3, 4))]
    client = known.client("branch_secretary")
    for member in (*members, members[0]):
        url = f"/orgs/{registry.branch.code}/members/{member.id}/reveal"
        assert client.post(url, data=FORM).status_code == 200
    session.expire_all()
    told = session.scalars(select(ManyLooks)).one()
    assert told.looks == 4, "the same member twice is one"
    events = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "privacy.looks.many")).all()
    assert len(events) == 1
    page = known.client().get(f"/orgs/{registry.branch.code}/privacy/looks").text
    assert told.account_name in page


@pytest.mark.clause("PPL-05")
def test_an_export_in_clear_needs_right_and_reason_and_counts_as_a_look_at_each(known: Known, runner: Any) -> None:
    registry, session = known.registry, known.world.session
    registry.admit(registry.other, name="成员009", phone="13900000009")
    url = f"/orgs/{registry.city.code}/privacy/export"
    data = {**FORM, "fields": ["document_number", "email"], "_shown": "fields reason note filters"}
    assert known.client("org_auditor", registry.city).post(url, data=data).status_code == 403
    client = known.client(place=registry.city)
    assert client.post(url, data={**data, "reason": ""}).status_code == 422
    assert client.post(url, data={**data, "filters": f"branch={registry.branch.code}"}).status_code == 303
    task = session.scalars(select(LongTask)).one()
    run_long_task(runner, task.id)
    session.expire_all()
    assert task.state == "done", task.message
    rows = sheet(client, f"/orgs/{registry.city.code}/tasks/{task.id}/result")
    assert len(rows) == 2
    assert {NUMBER, EMAIL, "138****5678"} <= set(rows[1])
    looks = session.scalars(select(Look)).all()
    assert [(one.member_id, one.how, one.fields) for one in looks] == [
        (known.member.id, "export", ["document_number", "email"])
    ]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "privacy.export.done")).one()
    assert entry.after is not None
    assert (entry.after["members_number"], entry.after["filters"]) == (1, {"branch": registry.branch.code})
    plain = client.post(f"/orgs/{registry.city.code}/exports", data={"list": "members"})
    assert plain.status_code == 303
    other = session.scalars(select(LongTask).where(LongTask.kind == "tasks.export")).one()
    run_long_task(runner, other.id)
    masked = sheet(client, f"/orgs/{registry.city.code}/tasks/{other.id}/result")
    cells = [str(cell) for row in masked for cell in row]
    assert not {NUMBER, PHONE, EMAIL} & set(cells)


@pytest.mark.clause("PPL-05")
def test_a_member_reads_who_looked_and_why(known: Known) -> None:
    account = known.account()
    known.client().post(f"{known.url}/reveal", data=FORM)
    known.world.clock.instant += timedelta(minutes=5)
    page = known.world.sign_in(account).get("/me/privacy")
    assert page.status_code == 200
    assert "核对入团材料" in page.text
    headers = known.world.token(account)
    told = known.world.app.test_client().get("/api/v1/me/privacy/looks", headers=headers).json
    assert [one["note"] for one in told] == ["核对入团材料"]
    stranger = known.world.account(known.registry.branch)
    assert known.world.sign_in(stranger).get("/me/privacy").status_code == 404


@pytest.mark.clause("PPL-05")
def test_nothing_known_of_a_member_lies_in_clear_in_any_table(known: Known, urls: Any) -> None:
    """After a walk through the registry: admitted, edited, looked at, audited, exported in clear."""
    client, session = known.client(), known.world.session
    client.post(f"{known.url}/reveal", data={**FORM, "fields": list(CLEAR)})
    headers = known.world.token(known.world.admin(known.registry.branch))
    member = session.get_one(Member, known.member.id)
    changed = {"phone": "13987654321", "name": "成员001", "version": member.version}
    answer = client.put(known.api, json=changed, headers={**headers, "If-Match": "*"})
    assert answer.status_code == 200, answer.text
    client.get(f"/orgs/{known.registry.branch.code}/members/?q={NUMBER}")
    client.post(f"{known.url}/leave", data={"kind": "left", "ended_on": "2026-02-12", "version": "2"})
    words = [*CLEAR.values(), "13987654321", NUMBER[6:14] + NUMBER[14:]]
    with psycopg.connect(urls.owner) as owner:
        tables = owner.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            dump = owner.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t').fetchone()
            found = [word for word in words if dump and dump[0] and word in dump[0]]
            assert not found, f"{table} holds {found} in clear"
