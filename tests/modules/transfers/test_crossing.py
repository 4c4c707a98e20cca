"""Between two trees: messages that each side answers for, whatever crashes in between (TRF-03)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from banyan.kernel.events import OutboxEvent
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.models import Member, Membership
from banyan.modules.transfers.models import Transfer, TransferMessage
from banyan.modules.transfers.services import crossing, moving
from tests.modules.people.conftest import identity_number
from tests.modules.transfers.branches import Branches

pytestmark = pytest.mark.clause("TRF-03")


def away(branches: Branches) -> Transfer:
    """The row of the other tree."""
    with branches.session() as session:
        return session.scalars(select(Transfer).where(Transfer.direction == "inward")).one()


def offered(branches: Branches, member: Member) -> dict[str, Any]:
    """A transfer to the other tree that the sending branch has agreed to."""
    transfer = branches.apply(member, "shenyang")
    assert branches.decide(branches.sender, "guilin", transfer).status_code == 200
    assert branches.state(transfer) == "offered"
    return transfer


def records(branches: Branches, name: str) -> dict[str, str]:
    """Code of the organisation → status, of all records of one name."""
    with branches.session() as session:
        rows = session.execute(
            text("SELECT o.code, m.status FROM member m JOIN org o ON o.id = m.org_id WHERE m.name = :name"),
            {"name": name},
        )
        return {row.code: row.status for row in rows}


def test_a_member_goes_to_another_tree_which_decides_for_itself(branches: Branches) -> None:
    member = branches.member()
    transfer = offered(branches, member)
    branches.run()
    inward = away(branches)
    assert (inward.state, inward.from_name, inward.member_id) == ("receiving", "桂林街道支部", None)
    shown = branches.api(branches.stranger, "GET", f"shenyang/transfers/{inward.id}").get_json()
    assert (shown["name"], shown["due_on"]) == (member.name, "2026-02-26")
    assert records(branches, member.name) == {"guilin": "active"}
    assert branches.decide(branches.stranger, "shenyang", inward.id).status_code == 200
    branches.run()
    assert records(branches, member.name) == {"guilin": "left", "shenyang": "active"}
    assert (branches.state(transfer), away(branches).state) == ("done", "done")
    with branches.session() as session:
        began = session.scalars(select(Membership.began_on).where(Membership.org_id == branches.away.id)).one()
        ended = session.scalars(select(Membership.ended_on).where(Membership.org_id == branches.guilin.id)).one()
    assert began == ended, "the day that the receiver named"
    branches.nobody_is_lost()


def test_each_side_sees_its_own_row_and_the_messages_it_wrote_or_got(branches: Branches) -> None:
    transfer = offered(branches, branches.member())
    branches.run()
    inward = away(branches)
    assert branches.api(branches.stranger, "GET", f"shenyang/transfers/{transfer['id']}").status_code == 404
    assert branches.api(branches.sender, "GET", f"guilin/transfers/{inward.id}").status_code == 404
    mine = branches.api(branches.sender, "GET", f"guilin/transfers/{transfer['id']}").get_json()["messages"]
    assert [(one["kind"], one["direction"], bool(one["done_at"])) for one in mine] == [("offer", "out", True)]


def test_what_passes_between_the_trees_is_sealed_and_nothing_readable_is_told(branches: Branches) -> None:
    number = identity_number(77)
    transfer = offered(branches, branches.member(document_number=number, name="成员甲乙"))
    branches.run()
    branches.decide(branches.stranger, "shenyang", away(branches).id)
    branches.run()
    assert branches.state(transfer) == "done"
    with branches.session() as session:
        bodies = session.scalars(select(TransferMessage.body)).all()
        assert all(body and number.encode() not in body and "成员甲乙".encode() not in body for body in bodies)
        told = [str(row.payload) for row in session.scalars(select(OutboxEvent)) if row.name.startswith("transfers.")]
        asked = [str(row) for row in session.execute(text("SELECT details, data, title FROM approval_request"))]
        kept = [str((row.before, row.after)) for row in session.scalars(select(AuditEntry))]
    assert not [text for text in (*told, *asked, *kept) if number in text]
    assert told
    assert not [text for text in told if "成员甲乙" in text]


def test_the_other_tree_refuses_and_the_member_stays(branches: Branches) -> None:
    member = branches.member()
    transfer = offered(branches, member)
    branches.run()
    branches.decide(branches.stranger, "shenyang", away(branches).id, "reject", opinion="名额已满")
    branches.run()
    assert records(branches, member.name) == {"guilin": "active"}
    assert (branches.state(transfer), branches.found(transfer).opinion) == ("rejected", "名额已满")


@pytest.mark.parametrize("late", [False, True])
def test_a_transfer_is_called_back_unless_the_other_tree_was_faster(branches: Branches, late: bool) -> None:
    member = branches.member()
    transfer = offered(branches, member)
    branches.run()
    if late:
        branches.decide(branches.stranger, "shenyang", away(branches).id)
    address = f"/me/transfers/{transfer['id']}/withdraw"
    assert branches.api(branches.account_of(member), "POST", address, {}).status_code == 200
    assert branches.api(branches.account_of(member), "POST", address, {}).status_code == 409, "asked already"
    branches.run()
    branches.run()
    expected = {"guilin": "left", "shenyang": "active"} if late else {"guilin": "active"}
    assert records(branches, member.name) == expected
    assert branches.state(transfer) == ("done" if late else "withdrawn")
    branches.nobody_is_lost()


def waiting(branches: Branches, direction: str) -> list[UUID]:
    with branches.session() as session:
        statement = select(TransferMessage.id).where(
            TransferMessage.direction == direction, TransferMessage.done_at.is_(None)
        )
        return list(session.scalars(statement.order_by(TransferMessage.id)))


class Crash(BaseException):
    """The process was killed."""


def crashed(*_arguments: object) -> None:
    raise Crash


@pytest.mark.parametrize("step", ["delivered", "taken", "admitted", "answered", "left"])
def test_a_crash_between_any_two_commits_loses_nobody_and_doubles_nobody(
    branches: Branches, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    member = branches.member()
    transfer = offered(branches, member)

    def killed(where: object, name: str, work: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(where, name, crashed)
            with branches.whole() as ctx, pytest.raises(Crash):
                work(ctx)
        assert len(records(branches, member.name)) >= 1
        branches.nobody_is_lost()

    def posted(direction: str) -> Any:
        step = crossing.deliver if direction == "out" else crossing.take
        return lambda ctx: [step(ctx, one) for one in waiting(branches, direction)]

    if step == "delivered":
        killed(crossing, "_note", posted("out"))
        assert len(waiting(branches, "in")) == len(waiting(branches, "out")) == 1
    branches_run_post(branches, "out")
    if step == "taken":
        killed(crossing.leaving, "begin", posted("in"))
    branches_run_post(branches, "in")
    branches_run_post(branches, "in")
    branches.decide(branches.stranger, "shenyang", away(branches).id)
    if step == "admitted":
        killed(moving, "finish", lambda ctx: moving.attempt(ctx, away(branches).id))
        assert records(branches, member.name) == {"guilin": "active"}
    with branches.whole() as ctx:
        moving.carry_out(ctx)
        moving.carry_out(ctx)
    assert records(branches, member.name) == {"guilin": "active", "shenyang": "active"}, "nobody is in none"
    if step == "answered":
        killed(crossing, "_note", posted("out"))
    branches_run_post(branches, "out")
    if step == "left":
        killed(crossing.leaving, "leave", posted("in"))
        assert records(branches, member.name)["guilin"] == "active"
    branches_run_post(branches, "in")
    branches.run()
    assert records(branches, member.name) == {"guilin": "left", "shenyang": "active"}
    assert branches.state(transfer) == "done"


def branches_run_post(branches: Branches, direction: str) -> None:
    with branches.whole() as ctx:
        for one in waiting(branches, direction):
            (crossing.deliver if direction == "out" else crossing.take)(ctx, one)


def test_what_cannot_be_delivered_is_tried_again_and_shown(branches: Branches, monkeypatch: pytest.MonkeyPatch) -> None:
    member = branches.member()
    transfer = offered(branches, member)

    def unreachable(*_arguments: object) -> None:
        raise ConnectionError("the other installation does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(crossing, "deliver", unreachable)
        branches.run()
    mine = branches.api(branches.account_of(member), "GET", f"/me/transfers/{transfer['id']}").get_json()
    assert mine["messages"][0]["error"] == "the other installation does not answer"
    branches.run()
    assert waiting(branches, "out"), "not before its pause is over"
    branches.world.clock.instant = branches.world.clock.instant.replace(hour=20)
    branches.run()
    assert not waiting(branches, "out")
    assert away(branches).state == "receiving"


def test_whom_the_other_tree_cannot_admit_stays_and_both_read_why(branches: Branches) -> None:
    number = identity_number(41)
    member = branches.member(document_number=number)
    branches.member(branches.away, document_number=number, name="成员已在", account=False)
    transfer = offered(branches, member)
    branches.run()
    branches.decide(branches.stranger, "shenyang", away(branches).id)
    branches.run()
    assert records(branches, member.name) == {"guilin": "active"}
    assert (away(branches).state, branches.state(transfer)) == ("failed", "rejected")
    assert branches.found(transfer).opinion == away(branches).opinion != ""
    branches.nobody_is_lost()


def test_an_organisation_that_takes_nobody_refuses_at_once(branches: Branches) -> None:
    member = branches.member()
    transfer = offered(branches, member)
    branches.lay_down(branches.away, "transfers.accepts", False)
    branches.run()
    assert (away(branches).state, branches.state(transfer)) == ("rejected", "rejected")
    assert records(branches, member.name) == {"guilin": "active"}
