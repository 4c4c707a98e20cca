"""Whatever happens in whatever order, and crashes anywhere: nobody is in two organisations, or in none (TRF-02)."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from banyan.kernel.events import OutboxEvent
from banyan.modules.people.events import MemberLeft
from banyan.modules.transfers import hearing
from tests.modules.transfers.branches import Branches
from tests.modules.transfers.sequences import Field

ACTS = (
    *("apply", "apply", "apply", "send", "approve", "approve", "approve", "approve", "carry_out", "carry_out"),
    *("reject", "give_back", "withdraw", "leave", "restore", "edit", "revoke", "place", "place", "merge", "merge"),
)
NUMBER = st.integers(0, 30)
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS), NUMBER, NUMBER, st.sampled_from((False, False, False, True))),
    min_size=10,
    max_size=16,
)


@pytest.mark.clause("TRF-02")
@settings(max_examples=7, phases=(Phase.explicit, Phase.generate))
@given(steps=STEPS)
def test_nobody_is_lost_or_doubled_whatever_happens_in_whatever_order(branches: Branches, steps: list[object]) -> None:
    tried = Field.arranged(branches)
    for step in steps:
        tried.act(step)  # type: ignore[arg-type]
        branches.nobody_is_lost()
    branches.run()
    branches.nobody_is_lost()


def test_a_transfer_of_one_who_leaves_is_over_once_that_was_heard(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    field = Field(branches, [], [member.id], branches.world.admin(branches.guilin), branches.sender)
    field.act(("leave", 0, 0, False))
    assert field.done["leave"] == 1
    with branches.whole() as ctx:
        told = [row for row in ctx.session.query(OutboxEvent) if row.name == MemberLeft.NAME]
        for _twice in range(2):
            hearing.on_event(ctx, told[0].name, told[0].payload)
        ctx.session.commit()
    assert branches.state(transfer) == "withdrawn"
