"""What a list shows and what `decide` allows are one and the same, on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, Text, bindparam, cast, collate, column, func, literal, select, union_all

from banyan.kernel import guidance
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.values import Actor, Grant, OrgRef, Snapshot
from banyan.modules.access import rules
from banyan.modules.access.decision import visible
from tests.modules.access.trees import ACROSS, PERMISSION, grants, guided, paths

CLOCK = FixedClock(datetime(2026, 2, 12, tzinfo=UTC))
Case = tuple[list[Grant], str | None, str]


def _context(session: ScopedSession, held: list[Grant], meaning: Snapshot) -> Context:
    return Context(session, Actor(new_id(), "somebody", "session", None, tuple(held), meaning), None, CLOCK, "test")


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[str], list[str], list[Case]]:
    """Up to 40 places, some only guided from above, and what several accounts hold at its places or beside them."""
    nodes = draw(st.lists(paths(), min_size=1, max_size=40, unique=True))
    edges = draw(st.lists(st.one_of(st.sampled_from(nodes), paths()), max_size=8, unique=True))
    somewhere = st.one_of(st.sampled_from(nodes), paths())
    within = st.one_of(st.none(), st.sampled_from(nodes))
    asked = st.sampled_from([PERMISSION, PERMISSION, ACROSS])
    return nodes, edges, draw(st.lists(st.tuples(grants(somewhere), within, asked), min_size=1, max_size=12))


def _check(db: Database, nodes: list[str], edges: list[str], cases: list[Case]) -> None:
    meaning = guided(edges)
    given_nodes = func.unnest(cast(bindparam("nodes", nodes), ARRAY(Text)))
    found = given_nodes.table_valued(column("place", Text)).render_derived("node")
    path = collate(found.c.place, "C")
    with db.engine.connect() as connection, db.session(NOWHERE, on=connection) as session:
        asked = [
            select(literal(number), found.c.place).where(
                visible(
                    _context(session, held, meaning),
                    permission,
                    path,
                    within=OrgRef(new_id(), within) if within is not None else None,
                )
            )
            for number, (held, within, permission) in enumerate(cases)
        ]
        shown = {(number, node) for number, node in connection.execute(union_all(*asked))}
    allowed = {
        (number, node)
        for number, (held, within, permission) in enumerate(cases)
        for node in nodes
        if rules.decide(held, meaning, permission, node).allowed and node.startswith(within or "")
    }
    assert shown == allowed


@pytest.mark.clause("ORG-08")
@pytest.mark.clause("ORG-12")
@settings(max_examples=60)
@given(trees())
def test_visible_and_decide_give_the_same_answer(db: Database, tree: tuple[list[str], list[str], list[Case]]) -> None:
    _check(db, *tree)


@pytest.mark.clause("ORG-12")
@settings(max_examples=40)
@given(trees(), st.sampled_from([2, 256]))
def test_they_agree_when_ranges_are_searched_by_halves(
    db: Database, tree: tuple[list[str], list[str], list[Case]], piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guidance, "MANY", 1)
        patch.setattr(guidance, "PIECE", piece)
        _check(db, *tree)
