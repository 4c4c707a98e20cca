"""Whatever people do in whatever order: one outcome, told once, and a history without gaps (APR-01)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.kernel.errors import DomainError
from banyan.kernel.flows import Act, Heard, State
from banyan.modules.approvals import rules
from banyan.modules.approvals.models import ApprovalDesk, ApprovalEntry, ApprovalRequest
from banyan.modules.approvals.services import decide, resubmit, withdraw
from tests.modules.approvals.office import HEARD, STUBBORN, Office

pytestmark = pytest.mark.clause("APR-01")
ACTORS = ("clerk", "mayor", "governor", "stranger")
MOVES = st.tuples(
    st.sampled_from(ACTORS),
    st.sampled_from([Act.APPROVE, Act.APPROVE, Act.APPROVE, Act.RETURN, Act.REJECT, Act.RESUBMIT, Act.WITHDRAW]),
    st.booleans(),  # as the page was read one act ago
    st.booleans(),  # the module takes it, or does not
)
FINAL = {Heard.APPROVED, Heard.REJECTED, Heard.WITHDRAWN}


def act(office: Office, who: str, request: ApprovalRequest, what: Act, version: int) -> bool:
    """Try it in a transaction of its own; whether it was done."""
    account = getattr(office, who)
    place = {"clerk": office.county, "mayor": office.city, "governor": office.province, "stranger": office.other}[who]
    ctx = office.context(account, place)
    try:
        if what is Act.RESUBMIT:
            resubmit(ctx, request.id)
        elif what is Act.WITHDRAW:
            withdraw(ctx, request.id)
        else:
            decide(ctx, request.id, what, "意见", version=version)
    except DomainError:
        ctx.session.rollback()
        return False
    finally:
        ctx.session.commit()
        ctx.session.close()
    return True


@settings(max_examples=12)
@given(flow=st.sampled_from(["errands.short", "errands.long"]), moves=st.lists(MOVES, min_size=1, max_size=9))
def test_no_order_of_acts_gives_two_outcomes_or_a_gap(office: Office, flow: str, moves: list[Any]) -> None:
    HEARD.clear()
    STUBBORN.clear()
    request = office.ask(flow)
    session = office.world.session
    done, versions = [Act.SUBMIT], [request.version]
    with office.world.app.app_context():
        for who, what, stale, stubborn in moves:
            STUBBORN.clear()
            STUBBORN.update({request.title} if stubborn else ())
            session.rollback()
            before = session.get_one(ApprovalRequest, request.id, populate_existing=True)
            was, heard, closed = before.version, len(HEARD), before.state in rules.FINAL
            given_version = versions[-2] if stale and len(versions) > 1 else was
            happened = act(office, who, request, what, given_version)
            assert not (happened and (closed or stubborn or who == "stranger"))
            assert len(HEARD) == heard + happened, "told once if it happened, and never otherwise"
            session.rollback()
            after = session.get_one(ApprovalRequest, request.id, populate_existing=True)
            assert (after.version > was) == happened
            waits = session.scalar(select(ApprovalDesk.id).where(ApprovalDesk.request_id == request.id))
            assert (waits is not None) == (after.state == State.OPEN)
            if happened:
                done.append(what)
                versions.append(after.version)
    lines = session.scalars(
        select(ApprovalEntry).where(ApprovalEntry.request_id == request.id).order_by(ApprovalEntry.number)
    ).all()
    assert [line.act for line in lines] == [one.value for one in done]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert len([outcome for outcome in HEARD if outcome.kind in FINAL]) <= 1
    assert not any(outcome.kind in FINAL for outcome in HEARD[:-1]), "nothing follows the end"


@given(st.sampled_from(State), st.sampled_from(Act), st.integers(0, 3), st.integers(1, 4))
def test_the_end_is_the_end_and_every_way_there_is_told(state: State, what: Act, step: int, steps: int) -> None:
    found = rules.move(state, what, step, steps)
    if state in rules.FINAL:
        assert found is None
    elif found is not None and what is not Act.REMIND:
        assert found.heard is not None
        assert (found.state in rules.FINAL) == (found.heard in FINAL)
