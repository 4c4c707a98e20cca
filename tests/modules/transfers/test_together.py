"""Many at once: a class from the list of members or from a file, each receiving side for its own (TRF-03)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from banyan.kernel.db.session import ScopedSession
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.transfers.models import Transfer, TransferBatch
from banyan.modules.transfers.services import batches
from tests.modules.transfers.branches import Branches

pytestmark = pytest.mark.clause("TRF-03")


def together(branches: Branches, runner: Runner, members: list[Any], to: str = "yanji") -> dict[str, Any]:
    """The sending branch asks, and the worker has done it."""
    body = {"title": "三班毕业生", "to": to, "kind": "study", "members": [str(one.id) for one in members]}
    answer = branches.api(branches.sender, "POST", "guilin/transfers/together", body)
    assert answer.status_code == 202, answer.get_json()
    run_long_task(runner, UUID(answer.get_json()["id"]))
    task: dict[str, Any] = branches.api(
        branches.world.admin(branches.guilin), "GET", f"guilin/tasks/{answer.get_json()['id']}"
    ).get_json()
    return task


def batch_of(branches: Branches) -> UUID:
    with branches.session() as session:
        return session.scalars(select(TransferBatch.id)).one()


def test_a_class_goes_as_one_batch_of_which_each_is_answered(
    branches: Branches, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 4)
    members = [branches.member(account=number == 4) for number in range(9)]
    branches.apply(members[4])
    stranger = branches.member(branches.yanji)
    task = together(branches, runner, [*members, stranger])
    assert (task["state"], task["done"], task["total"]) == ("done", 10, 10)
    assert [(problem["row"], problem["value"]) for problem in task["problems"]] == [(5, members[4].name), (10, "")]
    batch = batch_of(branches)
    shown = branches.api(branches.receiver, "GET", f"yanji/transfers/batches/{batch}").get_json()
    assert (shown["title"], shown["states"]) == ("三班毕业生", {"receiving": 8})
    rows = branches.api(branches.receiver, "GET", f"yanji/transfers?batch={batch}&size=50").get_json()["items"]
    assert len(rows) == 8
    one = next(row for row in rows if row["name"] == members[0].name)
    branches.decide(branches.receiver, "yanji", one, "reject", opinion="不在录取名单")
    with branches.session() as session:
        desks = [str(desk) for desk in session.scalars(select(ApprovalDesk.id).where(ApprovalDesk.step == "receiving"))]
    answer = branches.api(
        branches.receiver, "POST", "yanji/approvals/decisions", {"ids": desks, "act": "approve", "opinion": ""}
    )
    assert [item["decided"] for item in answer.get_json()["items"]] == [True] * 7
    branches.run()
    shown = branches.api(branches.sender, "GET", f"guilin/transfers/batches/{batch}").get_json()
    assert shown["states"] == {"done": 7, "rejected": 1}
    assert branches.place(members[0]) == "guilin"
    assert branches.place(members[1]) == "yanji"
    branches.nobody_is_lost()


def test_a_batch_that_was_killed_goes_on_where_it_was(
    branches: Branches, runner: Runner, session: ScopedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 2)
    members = [branches.member(account=False) for _number in range(5)]
    runner.stopping.set()
    together(branches, runner, members)
    runner.stopping.clear()
    task = session.scalars(select(LongTask)).one()
    assert (task.state, task.done) == ("queued", 2)
    run_long_task(runner, task.id)
    with branches.session() as found:
        assert len(found.scalars(select(Transfer)).all()) == 5
    assert batch_of(branches)


def test_what_all_of_them_share_is_checked_before_anything_begins(branches: Branches) -> None:
    body = {"title": "三班", "kind": "study", "members": [str(branches.member().id)]}
    for to in ("nowhere", "guilin"):
        answer = branches.api(branches.sender, "POST", "guilin/transfers/together", {**body, "to": to})
        assert answer.status_code == (422 if to == "nowhere" else 202), "one's own branch is told row by row"
    empty = branches.api(branches.sender, "POST", "guilin/transfers/together", {**body, "members": [], "to": "yanji"})
    assert empty.status_code == 422
    auditor = branches.world.admin(branches.guilin, "org_auditor")
    assert branches.api(auditor, "POST", "guilin/transfers/together", {**body, "to": "yanji"}).status_code == 403


def test_a_letter_of_introduction_names_those_who_go(branches: Branches, runner: Runner) -> None:
    members = [branches.member(account=False) for _number in range(3)]
    together(branches, runner, members)
    browser = branches.world.sign_in(branches.sender)
    letter = browser.get(f"/orgs/guilin/transfers/batches/{batch_of(branches)}/print").get_data(as_text=True)
    assert all(member.name in letter for member in members)
    assert "组织关系介绍信" in letter


def test_a_class_is_chosen_in_the_list_and_asked_for_on_a_page(branches: Branches) -> None:
    member, busy = branches.member(), branches.member()
    branches.apply(busy)
    browser = branches.world.sign_in(branches.sender)
    page = browser.post("/orgs/guilin/transfers/together", data={"ids": [str(member.id), str(busy.id)]})
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert member.name in text
    assert f"{busy.name}已有一项转接正在办理" in text
    data = {"members": f"{member.id} {busy.id}", "title": "三班", "to": "yanji", "kind": "study"}
    wrong = browser.post("/orgs/guilin/transfers/together/ask", data={**data, "to": "nowhere"})
    assert wrong.status_code == 422
    assert "三班" in wrong.get_data(as_text=True), "nothing that was typed is lost"
    assert browser.post("/orgs/guilin/transfers/together/ask", data=data).status_code == 303
