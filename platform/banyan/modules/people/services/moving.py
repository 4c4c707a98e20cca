"""A record goes from one organisation to another with all that hangs on it: the end of a transfer, or of a merger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.errors import Refused
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.services import homes
from banyan.modules.audit.services import record
from banyan.modules.people.events import MemberMoved
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.services import field_values, periods
from banyan.modules.people.services.changing import subject
from banyan.modules.tenancy.models import Org

# Tables of this module whose rows belong to a record and go along: each has ``member_id`` and repeats its organisation.
FOLLOWING: list[type[OrgPair]] = []
# What rooms of this module do, in the same transaction, when a record has moved.
MOVED: list[Callable[[Context, Member, date], None]] = []


def follows(model: type[OrgPair]) -> type[OrgPair]:
    """Let the rows of ``model`` go along with the record that their ``member_id`` names."""
    FOLLOWING.append(model)
    return model


def move(
    ctx: Context,
    member: Member,
    to: OrgRef,
    *,
    on: date,
    how: str,
    request_id: UUID | None = None,
    reason: str = "",
) -> Membership:
    """Move a record to ``to``: one membership ends and the next begins on the same day, in one transaction.

    For callers whose session sees both sides (scope `Whole`) and who have decided that it may be. The row is held, so
    that two who move the same record do it one after the other; the second finds it elsewhere.

    :param how: ``transfer`` … :param request_id: the request that led to it.
    :return: the new membership. :raises Refused: it is no member, is there already, or the organisation is no more.
    """
    ctx.session.refresh(member, with_for_update=True)
    if member.status != "active":
        raise Refused(lazy("%(name)s is no member any more.", name=member.name))
    if member.org_id == to.id:
        raise Refused(lazy("%(name)s is a member there already.", name=member.name))
    place = periods.hold_place(ctx, to).ref
    _check_there(ctx, member, place)
    left = member.org
    periods.end_period(ctx, member, on, how, request_id=request_id, reason=reason)
    number = _number_there(ctx, member, place)
    before: dict[str, Any] = {"organisation": _name(ctx, left)}
    after: dict[str, Any] = {"organisation": _name(ctx, place), "how": how, "reason": reason}
    if number != member.number:
        before["number"], after["number"] = member.number, number
    member.org_id, member.org_path, member.number = place.id, place.path, number
    member.updated_at = ctx.clock.now()
    ctx.session.flush()
    for model in FOLLOWING:
        _take_along(ctx, model, member)
    field_values.settle(ctx, member)
    for follow in MOVED:
        follow(ctx, member, on)
    period = periods.open_period(ctx, member, on, how, request_id=request_id, reason=reason)
    if member.account_id is not None:
        homes.follow(ctx, member.account_id, left, place)
    for side in (left, place):
        record(ctx, "people.member.move", subject(member), org=side, before=before, after=after)
    publish(ctx, place, MemberMoved(str(member.id), str(member.person_id), str(left.id), str(place.id), how))
    return period


def _check_there(ctx: Context, member: Member, place: OrgRef) -> None:
    twice = select(Member.id).where(
        Member.org_id == place.id, Member.person_id == member.person_id, Member.status == "active"
    )
    if ctx.session.scalar(twice) is not None:
        raise Refused(lazy("%(name)s is a member there already.", name=member.name))


def _number_there(ctx: Context, member: Member, place: OrgRef) -> str:
    """The member's number, unless somebody there has it: numbers are the organisation's to give."""
    taken = select(Member.id).where(Member.org_id == place.id, Member.number == member.number)
    return "" if member.number and ctx.session.scalar(taken) is not None else member.number


def _take_along(ctx: Context, model: type[OrgPair], member: Member) -> None:
    table: Any = model.__table__  # type: ignore[attr-defined]  # every mapped class has one
    rows = update(table).where(table.c.member_id == member.id)
    ctx.session.execute(rows.values(org_id=member.org_id, org_path=member.org_path))


def _name(ctx: Context, org: OrgRef) -> str:
    return str(ctx.session.scalar(select(Org.name).where(Org.id == org.id)) or "")
