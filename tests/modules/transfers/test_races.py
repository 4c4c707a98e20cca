"""Two at once, on two real connections: one of them wins, nobody is lost, and the other is told (TRF-02)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.modules.accounts.models import Account
from banyan.modules.people.services import members
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import moving
from tests.modules.transfers.branches import Branches
from tests.modules.transfers.sequences import Field

pytestmark = pytest.mark.clause("TRF-02")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of them answered, all begun at the same moment."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        gate.wait(10)
        answers[number] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def asked(branches: Branches, who: Account, path: str, body: Any) -> Callable[[], int]:
    """A POST through a client of its own, its token made before."""
    headers = branches.world.token(who)
    address = f"/api/v1{path}" if path.startswith("/") else f"/api/v1/orgs/{path}"
    client = branches.world.app.test_client()
    return lambda: client.post(address, json=body, headers=headers).status_code


def decision(branches: Branches, who: Account, at: str, transfer: Any, act: str = "approve") -> Callable[[], int]:
    request = branches.found(transfer).request_id
    version = branches.api(who, "GET", f"{at}/approvals/{request}").get_json()["version"]
    body = {"act": act, "opinion": "理由", "version": version}
    return asked(branches, who, f"{at}/approvals/{request}/decision", body)


def receiving(branches: Branches) -> tuple[Any, Any]:
    """A member whose transfer waits for the receiver."""
    member = branches.member()
    transfer = branches.apply(member)
    assert branches.decide(branches.sender, "guilin", transfer).status_code == 200
    return member, transfer


def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(branches: Branches) -> None:
    colleague = branches.world.account(branches.yanji)
    branches.world.grant(colleague, branches.yanji, "branch_secretary", "self")
    for second in ("approve", "reject"):
        member, transfer = receiving(branches)
        answers = at_once(
            decision(branches, branches.receiver, "yanji", transfer),
            decision(branches, colleague, "yanji", transfer, second),
        )
        assert sorted(answers) == [200, 409]
        branches.run()
        moved = branches.state(transfer) == "done"
        assert branches.place(member) == ("yanji" if moved else "guilin")
        branches.nobody_is_lost()


def test_withdrawing_while_the_receiver_accepts_has_one_outcome(branches: Branches) -> None:
    for _time in range(3):
        member, transfer = receiving(branches)
        withdraw = asked(branches, branches.account_of(member), f"/me/transfers/{transfer['id']}/withdraw", {})
        accepted, withdrawn = at_once(decision(branches, branches.receiver, "yanji", transfer), withdraw)
        branches.run()
        outcome = branches.state(transfer)
        assert outcome == ("done" if accepted == 200 else "withdrawn")
        assert (accepted == 200) != (withdrawn == 200)
        assert branches.place(member) == ("yanji" if outcome == "done" else "guilin")
        branches.nobody_is_lost()


def test_asking_twice_at_once_opens_one_transfer(branches: Branches) -> None:
    member = branches.member()
    body = {"to": "yanji", "kind": "study"}
    mine = asked(branches, branches.account_of(member), "/me/transfers", body)
    theirs = asked(branches, branches.sender, "guilin/transfers", {**body, "member": str(member.id)})
    answers = at_once(mine, theirs)
    assert answers.count(201) == 1
    assert {answer for answer in answers if answer != 201} <= {409, 422}
    with branches.session() as session:
        assert len(session.scalars(select(Transfer)).all()) == 1


def test_leaving_while_the_transfer_is_carried_out_has_one_outcome(branches: Branches) -> None:
    for _time in range(3):
        member, transfer = receiving(branches)
        branches.decide(branches.receiver, "yanji", transfer)

        def leave(member: Any = member) -> None:
            admin = branches.world.admin(branches.root)
            body = {"ended_on": today(branches.world.clock), "kind": "left", "reason": ""}
            Field(branches, [], [member.id], admin, admin).within(
                admin, None, False, lambda ctx: members.leave(ctx, member.id, body)
            )

        def carry_out() -> None:
            with branches.whole() as ctx:
                moving.carry_out(ctx)

        at_once(leave, carry_out)
        branches.run()
        branches.nobody_is_lost()
        assert branches.state(transfer) in ("done", "failed")
        with branches.session() as session:
            found = session.get_one(Transfer, UUID(transfer["id"]))
            assert found.opinion or found.moved_on


def test_revoking_the_receiver_while_it_accepts_moves_nobody_into_nothing(branches: Branches) -> None:
    empty = branches.world.org(branches.prefecture, "empty", name="将撤支部")
    secretary = branches.world.account(empty)
    branches.world.grant(secretary, empty, "branch_secretary", "self")
    member = branches.member()
    admin = branches.world.admin(branches.root)
    field = Field(branches, [empty.id], [member.id], admin, admin)
    ask = asked(branches, branches.account_of(member), "/me/transfers", {"to": "empty", "kind": "work"})
    answer, _nothing = at_once(ask, lambda: field.act(("revoke", 0, 0, False)))
    branches.run()
    if field.done["revoke"]:
        assert answer != 201, "nobody asks for what is no more"
    else:
        assert answer == 201
        assert field.done["refused"] == 1, "an open transfer stands in the way"
    assert branches.place(member) == "guilin"
    branches.nobody_is_lost()
