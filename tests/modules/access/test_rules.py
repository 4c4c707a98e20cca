"""Deciding without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.treepath import upper
from banyan.kernel.values import EMPTY_SNAPSHOT, Grant
from banyan.modules.access import rules
from tests.modules.access.trees import ACROSS, ALLOWS, DENIES, MEANING, NOTHING, PERMISSION, grants, guided, held, paths

DAY = datetime(2026, 2, 12, tzinfo=UTC)


@given(grants(), paths())
def test_a_denial_that_covers_the_place_goes_before_every_allowance(found: list[Grant], path: str) -> None:
    covering = {grant.role for grant in found if grant.covers(path)}
    decision = rules.decide(found, MEANING, PERMISSION, path)
    assert decision.allowed == (ALLOWS in covering and DENIES not in covering)
    expected = (
        "denied"
        if DENIES in covering
        else "allowed"
        if ALLOWS in covering
        else "no_permission"
        if covering
        else "no_grant"
    )
    assert decision.reason == expected
    assert (decision.grant is None) == (not covering)


@given(grants(), paths())
def test_an_unknown_role_means_nothing(found: list[Grant], path: str) -> None:
    assert not rules.decide(found, EMPTY_SNAPSHOT, PERMISSION, path).allowed


@given(grants(), paths(), st.booleans())
def test_what_is_held_throughout_is_allowed_everywhere_there(found: list[Grant], path: str, subtree: bool) -> None:
    whole = rules.holds_throughout(found, MEANING, PERMISSION, path, subtree)
    places = [path, *(path + below for below in ("1.", "z.", "10.", "a.3f."))] if subtree else [path]
    allowed = [rules.decide(found, MEANING, PERMISSION, place).allowed for place in places]
    if whole:
        assert all(allowed)
    elif not subtree:
        assert not allowed[0]


@given(st.lists(st.tuples(paths(), st.booleans()), max_size=8))
def test_merged_ranges_hold_the_same_paths_and_do_not_touch(found: list[tuple[str, bool]]) -> None:
    ranges = [(path, upper(path) if subtree else path + "!") for path, subtree in found]
    merged = rules.merged(ranges)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(merged))
    for path, _subtree in found:
        for probe in (path, path + "1.", path[:-1] + "0."):
            inside = any(lo <= probe < hi for lo, hi in ranges)
            assert inside == any(lo <= probe < hi for lo, hi in merged)


@given(paths(), st.booleans(), paths(), st.booleans())
def test_reaches_meet_when_some_organisation_lies_in_both(one: str, wide: bool, other: str, other_wide: bool) -> None:
    first, second = held(ALLOWS, one, wide), held(ALLOWS, other, other_wide)
    probes = [one, other, one + "1.", other + "1."]
    meet = any(first.covers(probe) and second.covers(probe) for probe in probes)
    assert rules.reaches_meet(one, wide, other, other_wide) == meet


@pytest.mark.parametrize(
    ("start", "end", "other", "other_end", "meet"),
    [
        (0, None, 5, None, True),
        (0, 5, 5, None, False),
        (0, 6, 5, 9, True),
        (5, None, 0, 5, False),
        (3, 4, 0, None, True),
    ],
)
def test_spans_meet_when_an_instant_lies_in_both(
    start: int, end: int | None, other: int, other_end: int | None, meet: bool
) -> None:
    def at(day: int | None) -> datetime | None:
        return None if day is None else DAY + timedelta(days=day)

    assert rules.times_meet(at(start) or DAY, at(end), at(other) or DAY, at(other_end)) is meet


def test_only_those_whose_denials_do_not_reach_the_place_count_as_holders() -> None:
    held_by = [
        ("a", held(ALLOWS, "1.", True)),
        ("b", held(ALLOWS, "1.2.", False)),
        ("b", held(DENIES, "1.", True)),
        ("c", held(NOTHING, "1.2.", False)),
    ]
    assert rules.holders(held_by, MEANING, PERMISSION, "1.2.") == {"a"}


@pytest.mark.clause("ORG-12")
@given(grants(), paths(), st.lists(paths(), max_size=6), st.sampled_from([PERMISSION, ACROSS]))
def test_rights_from_above_end_at_a_link_of_guidance_unless_the_permission_reaches_across(
    found: list[Grant], path: str, edges: list[str], permission: str
) -> None:
    between = [edge for edge in edges if path.startswith(edge)]
    near = [
        grant
        for grant in found
        if grant.role == DENIES or permission == ACROSS or all(grant.path.startswith(edge) for edge in between)
    ]
    decision = rules.decide(found, guided(edges), permission, path)
    assert decision.allowed == rules.decide(near, MEANING, permission, path).allowed
    assert (decision.reason == "no_grant") == (not rules.covered(found, path)), "reaching is what it was: 403, not 404"
    ended = rules.decide(found, MEANING, permission, path).allowed and not decision.allowed
    assert (decision.reason == "guided") == ended
    holders = rules.holders([("a", grant) for grant in found], guided(edges), permission, path)
    assert bool(holders) == decision.allowed


@pytest.mark.clause("ORG-09")
@pytest.mark.clause("ORG-12")
@given(grants(), paths(), st.booleans(), st.lists(paths(), max_size=6), st.lists(paths(), max_size=6))
def test_nobody_delegates_across_a_link_of_guidance_and_everybody_up_to_it(
    found: list[Grant], path: str, subtree: bool, edges: list[str], below: list[str]
) -> None:
    meaning = guided([*edges, *(path + edge for edge in below)])
    given = held(ALLOWS, path, subtree)
    whole = rules.holds_throughout(found, meaning, PERMISSION, path, subtree)
    places = [path, *(path + more for more in ("1.", "z.", "10.", "a.3f.", *below))]
    gained = [place for place in places if rules.decide([given], meaning, PERMISSION, place).allowed]
    if whole:
        assert all(rules.decide(found, meaning, PERMISSION, place).allowed for place in gained)
    if any(one.role == ALLOWS and one.path == path and one.subtree for one in found):
        assert whole or any(one.role == DENIES for one in found), "who holds it there may give it there"
