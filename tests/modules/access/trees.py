"""Random places in a tree, and random grants held there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from banyan.kernel.db.base import new_id
from banyan.kernel.guidance import Guidance
from banyan.kernel.treepath import child
from banyan.kernel.values import Grant, Rights, Snapshot

PERMISSION, ACROSS = "test.thing:read", "test.profile:read"
ALLOWS, DENIES, NOTHING, UNKNOWN = "allows", "denies", "nothing", "unknown"
MEANING = Snapshot(
    7,
    {
        ALLOWS: Rights(frozenset({PERMISSION, ACROSS}), frozenset(), {}),
        DENIES: Rights(frozenset(), frozenset({PERMISSION, ACROSS}), {}),
        NOTHING: Rights(frozenset({"test.other:read"}), frozenset(), {}),
    },
)
# Ordinals whose paths begin alike: 1 and 36 ("10"), 35 ("z"), 1296 ("100").
ORDINALS = st.sampled_from([1, 2, 9, 10, 35, 36, 37, 71, 72, 1296])


def path_of(ordinals: list[int]) -> str:
    """The path down these ordinals."""
    path = ""
    for ordinal in ordinals:
        path = child(path, ordinal)
    return path


def paths() -> st.SearchStrategy[str]:
    """Places up to five levels deep."""
    return st.lists(ORDINALS, min_size=1, max_size=5).map(path_of)


def held(role: str, path: str, subtree: bool) -> Grant:
    """A grant of ``role`` at ``path``."""
    return Grant(new_id(), role, new_id(), path, subtree)


def grants(at: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[list[Grant]]:
    """Up to six grants of one account."""
    roles = st.sampled_from([ALLOWS, ALLOWS, DENIES, NOTHING, UNKNOWN])
    return st.lists(st.builds(held, roles, paths() if at is None else at, st.booleans()), max_size=6)


def guided(paths: list[str]) -> Snapshot:
    """The same meaning in a tree with links of guidance above ``paths``; one of two permissions reaches across."""
    return replace(MEANING, guidance=Guidance(paths) if paths else None, across=frozenset({ACROSS}))
