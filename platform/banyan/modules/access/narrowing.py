"""What a token leaves of its holder's authority: grants and policy cut down at the gate, decided by as ever.

A limit only narrows. `decide`, `visible` and the test of delegation know nothing of tokens: they read the grants and
the snapshot of the actor, and those hold no more than the token lets through (API-01).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from banyan.kernel.values import NO_RIGHTS, Grant, Rights, Snapshot

TOKEN_ROLE = "token"  # noqa: S105 - the name of a role
Place = tuple[UUID, str, bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token is limited to.

    :ivar permissions: nothing else is allowed; None: whatever the holder may do.
    :ivar places: id, path and whether those below count as well; nowhere else; None: wherever the holder may.
    """

    permissions: frozenset[str] | None = None
    places: tuple[Place, ...] | None = None


def narrowed(grants: Iterable[Grant], policy: Snapshot, limits: Limits) -> tuple[tuple[Grant, ...], Snapshot]:
    """The holder's authority within ``limits``: what both allow, and whatever was denied stays denied."""
    held = tuple(grants)
    if limits.places is not None:
        parts = (_overlap(grant, place) for grant in held for place in limits.places)
        held = tuple(part for part in parts if part is not None)
    if limits.permissions is not None:
        roles = {grant.role for grant in held}
        policy = Snapshot(
            policy.version, {role: _within(policy.roles.get(role, NO_RIGHTS), limits.permissions) for role in roles}
        )
    return held, policy


def own(token_id: UUID, version: int, limits: Limits) -> tuple[tuple[Grant, ...], Snapshot]:
    """The authority of a service token: its limits are all that it has."""
    allowed = Rights(limits.permissions or frozenset(), frozenset(), {})
    grants = tuple(Grant(token_id, TOKEN_ROLE, org_id, path, subtree) for org_id, path, subtree in limits.places or ())
    return grants, Snapshot(version, {TOKEN_ROLE: allowed})


def _overlap(grant: Grant, place: Place) -> Grant | None:
    """The part of a grant's reach inside a place, as a grant."""
    org_id, path, subtree = place
    if grant.covers(path):
        return grant._replace(org_id=org_id, path=path, subtree=grant.subtree and subtree)
    return grant if subtree and grant.path.startswith(path) else None


def _within(rights: Rights, permissions: frozenset[str]) -> Rights:
    return rights._replace(allowed=rights.allowed & permissions)


@lru_cache(maxsize=10_000)
def read(permissions: str | None, places: str | None) -> Limits:
    """Limits as the gate's statement brings them; kept, as a program comes with the same token again and again.

    :param permissions: names with commas between. :param places: `written` with commas between.
    """
    return Limits(
        None if permissions is None else frozenset(filter(None, permissions.split(","))),
        None if places is None else tuple(_place(text) for text in filter(None, places.split(","))),
    )


def _place(text: str) -> Place:
    identity, _, path = text.partition(" ")
    return UUID(identity), path.rstrip("!"), not path.endswith("!")


def written(places: Sequence[Place]) -> str:
    """Places as `read` takes them; what the statement of the gate makes out of rows."""
    return ",".join(f"{org_id} {path}{'' if subtree else '!'}" for org_id, path, subtree in places)
