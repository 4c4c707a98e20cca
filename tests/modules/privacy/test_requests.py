"""A member has everything that is held, and is erased from all of it where the organisation agrees (PPL-07)."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text

from banyan.kernel.db.scoped import Whole
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import run_long_task
from banyan.modules.accounts.models import Account
from banyan.modules.approvals.models import ApprovalEntry, ApprovalRequest
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.models import Member
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.services import asking
from banyan.plugins import manager
from tests.modules.privacy.conftest import ADDRESS, CLEAR, EMAIL, NUMBER, PHONE, Known

REVEAL = {"fields": ["phone"], "reason": "contact", "note": "电话通知开会", "_shown": "fields reason note"}


def finish(known: Known, runner: Any) -> LongTask:
    """Run the newest task to its end."""
    session = known.world.session
    session.expire_all()
    task = session.scalars(select(LongTask).order_by(LongTask.created_at.desc(), LongTask.id.desc()).limit(1)).one()
    run_long_task(runner, task.id)
    session.expire_all()
    return task


def opened(client: Any, request: DataRequest) -> tuple[dict[str, Any], str]:
    with client.get(f"/me/privacy/copies/{request.id}") as answer:
        assert answer.status_code == 200, answer.text
        package = zipfile.ZipFile(io.BytesIO(answer.data))
    return json.loads(package.read("data.json")), package.read("data.html").decode()


@pytest.mark.clause("PPL-07")
def test_a_member_has_a_copy_of_everything_from_every_module(known: Known, runner: Any) -> None:
    account = known.account()
    known.client().post(f"{known.url}/reveal", data=REVEAL)
    client = known.world.sign_in(account)
    assert client.post("/me/privacy/copy").status_code == 303
    assert finish(known, runner).state == "done"
    request = known.world.session.scalars(select(DataRequest)).one()
    assert (request.state, request.failed) == ("done", [])
    machine, page = opened(client, request)
    told = json.dumps(machine, ensure_ascii=False)
    for word in (NUMBER, PHONE, EMAIL, ADDRESS, "成员001", "chengyuan001", "电话通知开会"):
        assert word in told
        assert word in page
    with known.world.app.app_context():
        asked = set(asking.modules(manager.current(), asking.EXPORT))
    assert set(machine["held"]) == asked >= {"people", "accounts", "approvals", "administrators", "privacy"}
    other = known.world.sign_in(known.world.account(known.registry.branch))
    assert other.get(f"/me/privacy/copies/{request.id}").status_code == 404
    assert known.client().get(f"/me/privacy/copies/{request.id}").status_code == 404


@pytest.mark.clause("PPL-07")
def test_a_module_that_fails_is_asked_again_and_named(
    known: Known, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banyan.modules.administrators import plugin as administrators
    from banyan.modules.approvals import plugin as approvals

    asked = {"approvals": 0, "administrators": 0}

    def always(ctx: Any, person_id: str) -> dict[str, Any]:
        asked["approvals"] += 1
        ctx.session.execute(text("SELECT nonsense"))
        return {}

    def once(ctx: Any, person_id: str) -> dict[str, Any]:
        asked["administrators"] += 1
        if asked["administrators"] == 1:
            raise RuntimeError("not now")
        return {"told": "at the second time"}

    monkeypatch.setattr(approvals, "banyan_export_person", always)
    monkeypatch.setattr(administrators, "banyan_export_person", once)
    client = known.world.sign_in(known.account())
    client.post("/me/privacy/copy")
    finish(known, runner)
    request = known.world.session.scalars(select(DataRequest)).one()
    machine, _page = opened(client, request)
    assert asked == {"approvals": 3, "administrators": 2}
    assert machine["not_answered"] == request.failed == ["approvals"]
    assert machine["held"]["administrators"] == {"told": "at the second time"}
    assert "approvals" not in machine["held"]
    assert "approvals" in client.get("/me/privacy").text


@pytest.mark.clause("PPL-07")
def test_a_second_copy_is_not_begun_while_one_is_made(known: Known) -> None:
    client = known.world.sign_in(known.account())
    answers = [client.post("/me/privacy/copy").status_code for _ in range(2)]
    assert answers == [303, 409]


def leave(known: Known) -> None:
    client = known.client()
    version = known.world.session.get_one(Member, known.member.id).version
    data = {"kind": "left", "ended_on": "2026-02-12", "version": version}
    assert client.post(f"{known.url}/leave", data=data).status_code == 303


def decide(known: Known, act: str = "approve") -> Any:
    session = known.world.session
    session.expire_all()
    request = session.scalars(
        select(ApprovalRequest).where(ApprovalRequest.flow == "privacy.erasure", ApprovalRequest.state == "open")
    ).one()
    headers = known.world.token(known.world.admin(known.registry.branch))
    body = {"act": act, "opinion": "同意", "version": request.version}
    url = f"/api/v1/orgs/{known.registry.branch.code}/approvals/{request.id}/decision"
    return known.world.app.test_client().post(url, json=body, headers=headers)


@pytest.mark.clause("PPL-07")
def test_erasure_is_decided_and_then_takes_the_person_out_of_everything(known: Known, runner: Any, urls: Any) -> None:
    account = known.account()
    session = known.world.session
    client = known.world.sign_in(account)
    known.client().post(f"{known.url}/reveal", data=REVEAL)
    form = client.get("/me/privacy/erasure")
    assert known.registry.branch.name in form.text, "what stands in the way is told before"
    assert client.post("/me/privacy/erasure", data={"reason": "本人要求删除"}).status_code == 303
    refused = decide(known)
    assert refused.status_code == 409
    assert known.registry.branch.name in refused.text
    leave(known)
    assert decide(known).status_code == 200
    task = finish(known, runner)
    assert task.state == "done", task.message
    request = session.scalars(select(DataRequest)).one()
    assert request.state == "done"
    assert len(request.kept) >= 3
    assert request.erased["people: member"] == 1
    held = session.get_one(Member, known.member.id)
    assert (held.name, held.phone_sealed, held.document_index, held.status) == ("", None, None, "left")
    assert held.erased_at is not None
    gone = session.get_one(Account, account.id)
    assert (gone.person_id, gone.status, gone.password_hash) == (None, "suspended", None)
    assert client.get("/me/privacy").status_code in (303, 401), "the session has ended"
    look = session.scalars(select(Look)).one()
    assert (look.member_id, look.note) == (known.member.id, ""), "that somebody looked stays"
    assert [entry.account_name for entry in session.scalars(select(ApprovalEntry))].count("") == 1
    words = [*CLEAR.values(), "成员001", "本人要求删除", "chengyuan001"]
    kept = {"audit_entry"}
    with psycopg.connect(urls.owner) as owner:
        names = owner.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in names:
            dump = owner.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t').fetchone()
            found = [word for word in words if dump and dump[0] and word in dump[0]]
            assert not found or table in kept, f"{table} still holds {found}"
    page = known.client().get(f"/orgs/{known.registry.branch.code}/privacy/requests/{request.id}")
    assert page.status_code == 200
    assert known.client().get(f"{known.url}/").status_code == 200, "the emptied record can be looked at"


@pytest.mark.clause("PPL-07")
def test_all_reasons_against_an_erasure_are_told_at_once(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    from banyan.modules.stats import plugin as stats

    monkeypatch.setattr(stats, "banyan_person_erasable", lambda ctx, person_id: ["an unremitted due"], raising=False)
    client = known.world.sign_in(known.account())
    assert client.post("/me/privacy/erasure", data={"reason": "本人要求删除"}).status_code == 303
    refused = decide(known)
    assert refused.status_code == 409
    assert "an unremitted due" in refused.text
    assert known.registry.branch.name in refused.text
    assert known.world.session.scalars(select(DataRequest)).one().state == "waiting"


@pytest.mark.clause("PPL-07")
def test_an_erasure_in_which_one_module_fails_erases_nothing_and_is_started_again(
    known: Known, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banyan.modules.accounts import plugin as accounts

    def broken(ctx: Any, person_id: str) -> dict[str, int]:
        raise RuntimeError("the database of this module is away")

    known.account()
    leave(known)
    kept = accounts.banyan_erase_person
    monkeypatch.setattr(accounts, "banyan_erase_person", broken)
    url = f"{known.url}/erasure"
    assert known.client().post(url, data={"reason": "离团五年"}).status_code == 303
    assert decide(known).status_code == 200
    assert finish(known, runner).state == "failed"
    session = known.world.session
    assert session.get_one(Member, known.member.id).name == "成员001", "all modules or none"
    request = session.scalars(select(DataRequest)).one()
    page = known.client().get(f"/orgs/{known.registry.branch.code}/privacy/requests/{request.id}")
    assert f"{request.id}/retry" in page.text
    monkeypatch.setattr(accounts, "banyan_erase_person", kept)
    again = known.client().post(f"/orgs/{known.registry.branch.code}/privacy/requests/{request.id}/retry")
    assert again.status_code == 303
    assert finish(known, runner).state == "done"
    assert session.get_one(Member, known.member.id).name == ""
    twice = known.client().post(f"/orgs/{known.registry.branch.code}/privacy/requests/{request.id}/retry")
    assert twice.status_code == 409


@pytest.mark.clause("PPL-07")
def test_a_killed_erasure_taken_up_again_does_nothing_twice(known: Known, runner: Any) -> None:
    known.account()
    leave(known)
    known.client().post(f"{known.url}/erasure", data={"reason": "离团五年"})
    decide(known)
    task = finish(known, runner)
    session = known.world.session
    done = select(AuditEntry.id).where(AuditEntry.action == "privacy.erasure.done")
    before = session.scalars(done).all()
    task.state = "queued"
    session.commit()
    run_long_task(runner, task.id)
    session.expire_all()
    after = session.scalars(done).all()
    assert before == after
    assert len(after) == 1


@pytest.mark.clause("PPL-07")
def test_two_who_ask_at_once_have_one_request(known: Known) -> None:
    leave(known)
    clients, answers = [known.client(), known.client()], []

    def ask(client: Any) -> None:
        answers.append(client.post(f"{known.url}/erasure", data={"reason": "离团五年"}).status_code)

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 422]
    assert len(known.world.session.scalars(select(DataRequest)).all()) == 1


@pytest.mark.clause("PPL-07")
def test_the_organisation_does_not_erase_who_is_a_member(known: Known) -> None:
    answer = known.client().post(f"{known.url}/erasure", data={"reason": "误录"})
    assert answer.status_code == 422
    headers = known.world.token(known.world.admin(known.registry.branch))
    assert known.client().post(f"{known.api}/erasure", json={"reason": "误录"}, headers=headers).status_code == 409
    assert known.world.session.scalars(select(DataRequest)).all() == []


@pytest.mark.clause("PPL-07")
def test_a_rejected_erasure_leaves_everything_and_may_be_asked_for_again(known: Known) -> None:
    client = known.world.sign_in(known.account())
    client.post("/me/privacy/erasure", data={"reason": "本人要求删除"})
    assert client.post("/me/privacy/erasure", data={"reason": "再次"}).status_code in (409, 422)
    assert decide(known, "reject").status_code == 200
    request = known.world.session.scalars(select(DataRequest)).one()
    assert (request.state, request.opinion) == ("rejected", "同意")
    assert client.post("/me/privacy/erasure", data={"reason": "再次"}).status_code == 303
    assert known.world.session.get_one(Member, known.member.id).name == "成员001"


@pytest.mark.clause("PPL-10")
def test_who_left_long_ago_is_listed_confirmed_and_erased(known: Known, runner: Any) -> None:
    registry, session = known.registry, known.world.session
    old = registry.admit(name="成员002", admitted_on=date(2015, 1, 1))
    client = known.client("branch_secretary")
    data = {"kind": "age", "ended_on": "2020-03-01", "version": old.version}
    assert client.post(f"/orgs/{registry.branch.code}/members/{old.id}/leave", data=data).status_code == 303
    leave(known)
    url = f"/orgs/{registry.branch.code}/privacy/retention"
    page = client.get(url).text
    assert "成员002" in page
    assert "成员001" not in page, "left today"
    answer = client.post(url, data={"ids": [str(old.id), str(known.member.id)]})
    assert answer.status_code == 200
    assert "成员001" in answer.text, "why this one is not erased is told"
    assert finish(known, runner).state == "done"
    assert session.get_one(Member, old.id).erased_at is not None
    assert session.get_one(Member, known.member.id).erased_at is None
    assert "成员002" not in client.get(url).text


def test_erasure_sees_the_whole_tree(known: Known) -> None:
    with known.world.app.app_context():
        ctx = known.registry.ctx(known.registry.branch)
        with asking.whole(ctx, "test") as everywhere:
            assert everywhere.session.scope == Whole("test")
            assert isinstance(known.member.person_id, UUID)
