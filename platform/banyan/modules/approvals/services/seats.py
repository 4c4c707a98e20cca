"""Where somebody sits: the desks at which an account decides, for itself or as a deputy (APR-01, APR-02)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, select

from banyan.kernel.context import Context
from banyan.kernel.db.prepared import Narrowable, Prepared
from banyan.kernel.db.session import reading
from banyan.kernel.values import Grant, OrgRef, Snapshot
from banyan.modules.access import policy, rules
from banyan.modules.access.neighbours import ACCOUNT
from banyan.modules.approvals import registry
from banyan.modules.approvals.models import ApprovalDelegation, ApprovalDesk

COUNTED_UP_TO = 100
MOST_DEPUTED = 50
_DEPUTED = Prepared(
    select(
        ApprovalDelegation.delegator_id,
        ACCOUNT.c.display_name,
        ApprovalDelegation.org_id,
        ApprovalDelegation.org_path,
        ApprovalDelegation.flows,
    )
    .join(ACCOUNT, and_(ACCOUNT.c.id == ApprovalDelegation.delegator_id, ACCOUNT.c.status == "active"))
    .where(
        ApprovalDelegation.deputy_id == bindparam("me"),
        ApprovalDelegation.ended_at.is_(None),
        ApprovalDelegation.not_before <= bindparam("now"),
        ApprovalDelegation.not_after > bindparam("now"),
    )
    .order_by(ApprovalDelegation.id)
    .limit(MOST_DEPUTED)
)


@dataclass(frozen=True, slots=True)
class Seat:
    """An organisation where the actor decides.

    :ivar permissions: of the steps decided there. :ivar behalf_id: for whom, None for oneself.
    :ivar flows: a deputy's flows; empty for all.
    """

    org: OrgRef
    permissions: frozenset[str]
    behalf_id: UUID | None = None
    behalf_name: str = ""
    flows: frozenset[str] = frozenset()

    def fits(self, desk: ApprovalDesk) -> bool:
        """Whether what waits at ``desk`` waits for this seat."""
        here = desk.permission in self.permissions and (not self.flows or desk.flow in self.flows)
        return here and any(place.id == self.org.id for place in desk.places)


def seats(ctx: Context) -> list[Seat]:
    """The actor's own seats, then those held as a deputy. One statement."""
    if ctx.actor.account_id is None:
        return []
    return [*own(ctx.actor.grants, ctx.actor.policy), *deputed(ctx)]


def own(grants: Iterable[Grant], meaning: Snapshot) -> Iterator[Seat]:
    """Seats at the very organisations where ``grants`` are held: what waits further down has seats of its own."""
    held = tuple(grants)
    for org in {grant.org_id: OrgRef(grant.org_id, grant.path) for grant in held}.values():
        found = held_at(held, meaning, org)
        if found:
            yield Seat(org, found)


def held_at(grants: tuple[Grant, ...], meaning: Snapshot, org: OrgRef) -> frozenset[str]:
    """Which permissions of steps ``grants`` allow at ``org``."""
    asked = registry.permissions()
    return frozenset(name for name in asked if rules.decide(grants, meaning, name, org.path).allowed)


def deputed(ctx: Context) -> Iterator[Seat]:
    """Seats the actor holds as somebody's deputy: what that person may do there now, no more."""
    now, me = ctx.clock.now(), ctx.actor.account_id
    for delegator, name, org_id, path, flows in _DEPUTED.rows(reading(ctx.session), {"me": me, "now": now}):
        grants, meaning = policy.authority(reading(ctx.session), policy.store(), delegator, now)
        found = held_at(grants, meaning, OrgRef(org_id, path))
        if found:
            yield Seat(OrgRef(org_id, path), found, delegator, name, frozenset(flows))


def waiting(ctx: Context, held: Iterable[Seat] | None = None) -> ColumnElement[bool]:
    """The predicate of desks at which something waits for the actor: never what one asked for oneself."""
    found = tuple(seats(ctx) if held is None else held)
    me = ctx.actor.account_id
    return _waiting(me, found) if found and me is not None else false()


@lru_cache(maxsize=10_000)
def _waiting(me: UUID, held: tuple[Seat, ...]) -> ColumnElement[bool]:
    """Kept, as the same people ask for the same again, on every page."""
    foreign = and_(ApprovalDesk.asked_by.is_distinct_from(me), ApprovalDesk.sent_by.is_distinct_from(me))
    return and_(foreign, or_(*map(_at, held)))


def _at(seat: Seat) -> ColumnElement[bool]:
    place = or_(ApprovalDesk.org_id == seat.org.id, ApprovalDesk.above_id == seat.org.id)
    asked = or_(*(ApprovalDesk.permission == name for name in sorted(seat.permissions)))
    if seat.behalf_id is None:
        return and_(place, asked)
    foreign = and_(
        ApprovalDesk.asked_by.is_distinct_from(seat.behalf_id), ApprovalDesk.sent_by.is_distinct_from(seat.behalf_id)
    )
    within = or_(*(ApprovalDesk.flow == name for name in sorted(seat.flows))) if seat.flows else None
    return and_(place, asked, foreign) if within is None else and_(place, asked, foreign, within)


_COUNT = Narrowable(select(ApprovalDesk.id).limit(COUNTED_UP_TO))


def count_waiting(ctx: Context) -> int:
    """How much waits for the actor, counted up to `COUNTED_UP_TO`: cheap enough for every page."""
    held = seats(ctx)
    return len(_COUNT.rows(reading(ctx.session), [waiting(ctx, held)], {})) if held else 0
