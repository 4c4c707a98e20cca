"""Deciding, without a database: pure functions over an actor's grants and the policy snapshot."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from banyan.kernel.guidance import Range, led
from banyan.kernel.treepath import upper
from banyan.kernel.values import NO_RIGHTS, Decision, Grant, Snapshot

Holder = TypeVar("Holder", bound=Hashable)


# Makes a `Decision` in half the time of its own constructor, which would cost as much as looking at two grants.
_new = tuple.__new__


def decide(grants: Sequence[Grant], policy: Snapshot, permission: str, path: str) -> Decision:
    """Whether ``grants`` allow ``permission`` at the organisation at ``path``.

    Deny beats allow across all grants that cover the place (ORG-08, ORG-09). A grant held above a link of guidance
    allows nothing below it but what says that it reaches across (ORG-12); a denial binds its holder everywhere.
    """
    roles = policy.roles
    guidance = policy.guidance
    edge = len(guidance.edge(path)) if guidance is not None and permission not in policy.across else 0
    covering: Grant | None = None
    allowing: Grant | None = None
    guided: Grant | None = None
    for grant in grants:
        if not (path.startswith(grant.path) if grant.subtree else path == grant.path):
            continue
        covering = grant
        rights = roles.get(grant.role, NO_RIGHTS)
        if permission in rights.denied:
            return _new(Decision, (False, "denied", grant, grant.role, policy.version))
        if allowing is None and permission in rights.allowed:
            if edge and len(grant.path) < edge:
                guided = grant
            else:
                allowing = grant
    if allowing is not None:
        return _new(Decision, (True, "allowed", allowing, allowing.role, policy.version))
    if guided is not None:
        return _new(Decision, (False, "guided", guided, guided.role, policy.version))
    if covering is not None:
        return _new(Decision, (False, "no_permission", covering, covering.role, policy.version))
    return _new(Decision, (False, "no_grant", None, "", policy.version))


def covered(grants: Iterable[Grant], path: str) -> bool:
    """Whether any grant reaches the organisation at ``path``."""
    return any(grant.covers(path) for grant in grants)


def holds_throughout(grants: Sequence[Grant], policy: Snapshot, permission: str, path: str, subtree: bool) -> bool:
    """Whether ``permission`` is held at ``path`` and, if ``subtree``, at everything below: the test of delegation.

    What is only guided below ``path`` does not count: a grant given there would end at the same links.
    """
    edge = boundary(policy, permission, path)
    near = [grant for grant in grants if len(grant.path) >= len(edge)]
    allowed, _denied = reaches(near, policy, permission)
    _allowed, denied = reaches(grants, policy, permission)
    lo, hi = (path, upper(path)) if subtree else (path, path + "!")
    inside = any(start <= lo and hi <= end for start, end in allowed)
    return inside and not any(start < hi and lo < end for start, end in denied)


def boundary(policy: Snapshot, permission: str, path: str) -> str:
    """The guided organisation at or above ``path`` above which no grant of ``permission`` counts; empty for none."""
    if policy.guidance is None or permission in policy.across:
        return ""
    return policy.guidance.edge(path)


def ranges(grants: Sequence[Grant], policy: Snapshot, permission: str) -> tuple[list[Range], list[Range]]:
    """Half-open ranges of paths where ``permission`` is allowed, and where it is denied; overlaps merged."""
    allowed, denied = reaches(grants, policy, permission)
    if policy.guidance is None or not allowed or permission in policy.across:
        return allowed, denied
    found: list[Range] = []
    for grant in grants:
        if permission in policy.roles.get(grant.role, NO_RIGHTS).allowed:
            found.extend(led(policy.guidance, grant.path) if grant.subtree else [_alone(grant)])
    return merged(found), denied


def _alone(grant: Grant) -> Range:
    return grant.path, grant.path + "!"


def reaches(grants: Iterable[Grant], policy: Snapshot, permission: str) -> tuple[list[Range], list[Range]]:
    """`ranges` as if every link were one of leadership: what bounds a search by index."""
    allowed: list[Range] = []
    denied: list[Range] = []
    for grant in grants:
        rights = policy.roles.get(grant.role, NO_RIGHTS)
        reach = (grant.path, upper(grant.path)) if grant.subtree else _alone(grant)
        if permission in rights.denied:
            denied.append(reach)
        elif permission in rights.allowed:
            allowed.append(reach)
    return merged(allowed), merged(denied)


def merged(found: Iterable[Range]) -> list[Range]:
    """Ranges without overlaps, in order."""
    result: list[Range] = []
    for lo, hi in sorted(found):
        if result and lo <= result[-1][1]:
            result[-1] = (result[-1][0], max(hi, result[-1][1]))
        else:
            result.append((lo, hi))
    return result


def clipped(found: Iterable[Range], lo: str, hi: str) -> list[Range]:
    """The parts of ``found`` inside ``[lo, hi)``."""
    cut = ((max(start, lo), min(end, hi)) for start, end in found)
    return [(start, end) for start, end in cut if start < end]


def missing(grants: Sequence[Grant], policy: Snapshot, wanted: Iterable[str], path: str, subtree: bool) -> list[str]:
    """Those of the permissions ``wanted`` that are not held at ``path`` (and throughout below, if ``subtree``)."""
    return sorted(name for name in wanted if not holds_throughout(grants, policy, name, path, subtree))


def reaches_meet(path: str, subtree: bool, other: str, other_subtree: bool) -> bool:
    """Whether two reaches have an organisation in common."""
    if subtree and other_subtree:
        return path.startswith(other) or other.startswith(path)
    if subtree:
        return other.startswith(path)
    return path.startswith(other) if other_subtree else path == other


def times_meet(start: datetime, end: datetime | None, other: datetime, other_end: datetime | None) -> bool:
    """Whether two spans ``[start, end)`` have an instant in common; None is for ever."""
    return (other_end is None or start < other_end) and (end is None or other < end)


def holders(held: Iterable[tuple[Holder, Grant]], policy: Snapshot, permission: str, path: str) -> set[Holder]:
    """Who of several holders of grants may do ``permission`` at ``path``; deny beats allow for each of them."""
    allowed, denied = set(), set()
    edge = len(boundary(policy, permission, path))
    for holder, grant in held:
        rights = policy.roles.get(grant.role, NO_RIGHTS)
        if not grant.covers(path):
            continue
        if permission in rights.denied:
            denied.add(holder)
        elif permission in rights.allowed and len(grant.path) >= edge:
            allowed.add(holder)
    return allowed - denied
