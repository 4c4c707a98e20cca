"""A token's limits only narrow: what it may is what the limits and the grants both allow, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.kernel.db.base import new_id
from banyan.kernel.values import Grant
from banyan.modules.access import narrowing, rules
from banyan.modules.access.narrowing import Limits
from tests.modules.access.trees import MEANING, PERMISSION, grants, paths

OTHER = "test.other:read"
PLACES = st.lists(st.tuples(st.builds(new_id), paths(), st.booleans()), max_size=4).map(tuple)
LIMITS = st.builds(
    Limits,
    st.one_of(st.none(), st.frozensets(st.sampled_from([PERMISSION, OTHER]))),
    st.one_of(st.none(), PLACES),
)


def within(limits: Limits, permission: str, path: str) -> bool:
    """What the limits say by themselves, in plain words."""
    if limits.permissions is not None and permission not in limits.permissions:
        return False
    if limits.places is None:
        return True
    return any(path.startswith(place) if subtree else path == place for _id, place, subtree in limits.places)


@pytest.mark.clause("API-01")
@settings(max_examples=400)
@given(grants(), LIMITS, st.lists(paths(), min_size=1, max_size=8), st.booleans())
def test_a_limited_token_may_what_grants_and_limits_both_allow(
    held: list[Grant], limits: Limits, places: list[str], subtree: bool
) -> None:
    left, policy = narrowing.narrowed(held, MEANING, limits)
    assert policy.version == MEANING.version
    for permission in (PERMISSION, OTHER):
        allowed, denied = rules.ranges(left, policy, permission)
        for place in places:
            both = rules.decide(held, MEANING, permission, place).allowed and within(limits, permission, place)
            assert rules.decide(left, policy, permission, place).allowed == both
            listed = any(lo <= place < hi for lo, hi in allowed) and not any(lo <= place < hi for lo, hi in denied)
            assert listed == both, "lists and decisions differ"
            if rules.holds_throughout(left, policy, permission, place, subtree):
                assert rules.holds_throughout(held, MEANING, permission, place, subtree), "delegation widened"
                assert within(limits, permission, place)


@pytest.mark.clause("API-01")
@settings(max_examples=200)
@given(LIMITS.filter(lambda limits: limits.places is not None), st.lists(paths(), min_size=1, max_size=8))
def test_a_service_token_has_its_limits_and_nothing_else(limits: Limits, places: list[str]) -> None:
    grants, policy = narrowing.own(new_id(), 3, limits)
    for place in places:
        expected = PERMISSION in (limits.permissions or ()) and within(limits, PERMISSION, place)
        assert rules.decide(grants, policy, PERMISSION, place).allowed == expected


@pytest.mark.clause("API-01")
@given(PLACES)
def test_places_are_read_as_they_are_written(places: tuple[narrowing.Place, ...]) -> None:
    assert narrowing.read("a.b:c,d.e:f", narrowing.written(places)) == Limits(frozenset({"a.b:c", "d.e:f"}), places)
    assert narrowing.read(None, None) == Limits(None, None)
    assert narrowing.read("", "") == Limits(frozenset(), ())
