"""A membership that ends without another one, and its return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import record
from banyan.modules.people.events import MemberLeft, MemberRestored
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_UPDATE
from banyan.modules.people.rules import choices
from banyan.modules.people.services import field_values, periods, persons
from banyan.modules.people.services.changing import subject

# What rooms of this module do, in the same transaction, when a membership has ended.
LEFT: list[Callable[[Context, Member, date], None]] = []
FUTURE: Text = lazy("This date lies in the future.")
STALE: Text = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def leave(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> Member:
    """Note that a member left; the record and its file stay.

    :param data: ``ended_on``, ``kind`` of `choices.LEAVINGS`, ``reason`` and ``version``.
    :raises Invalid: a day in the future or before the membership began. :raises Refused: it is no member.
    """
    member = _held(ctx, member_id, data.get("version"))
    if member.status != "active":
        raise Refused(lazy("%(name)s is no member any more.", name=member.name))
    if data["ended_on"] > today(ctx.clock):
        raise Invalid({"ended_on": [FUTURE]})
    return depart(ctx, member, on=data["ended_on"], how=data["kind"], reason=data.get("reason") or "")


def depart(
    ctx: Context, member: Member, *, on: date, how: str, reason: str = "", request_id: UUID | None = None
) -> Member:
    """`leave` for a caller who holds the record and has decided that it may be.

    :param how: one of `choices.LEAVINGS`, or ``transfer`` to another tree. :param request_id: what led to it.
    """
    periods.end_period(ctx, member, on, how, reason=reason, request_id=request_id)
    member.status, member.updated_at = choices.status_after(how), ctx.clock.now()
    ctx.session.flush()
    field_values.settle(ctx, member)
    for follow in LEFT:
        follow(ctx, member, on)
    after = {"member_status": member.status, "how": how, "ended_on": on, "reason": reason}
    record(ctx, "people.member.leave", subject(member), org=member.org, before={"member_status": "active"}, after=after)
    publish(ctx, member.org, MemberLeft(str(member.id), str(member.person_id), how))
    return member


def restore(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> Member:
    """Make somebody who left a member of the same organisation again, from a day on.

    :param data: ``restored_on``, ``reason`` and ``version``. :raises Refused: it is a member, the person is one
        elsewhere by now, the organisation is no more, the record was put together with another one or erased.
    """
    member = _held(ctx, member_id, data.get("version"))
    before = member.status
    if reasons := _against(ctx, member):
        raise Refused(*reasons)
    periods.hold_place(ctx, member.org)
    day = data["restored_on"]
    last = max((period.ended_on for period, _name in periods.periods(ctx, member.id) if period.ended_on), default=day)
    if day > today(ctx.clock):
        raise Invalid({"restored_on": [FUTURE]})
    if day < last:
        raise Invalid({"restored_on": [lazy("The membership ended on %(day)s.", day=last.isoformat())]})
    member.status, member.updated_at = "active", ctx.clock.now()
    ctx.session.flush()
    field_values.settle(ctx, member)
    periods.open_period(ctx, member, day, "restored", reason=data.get("reason") or "")
    after = {"member_status": "active", "how": "restored", "reason": data.get("reason") or ""}
    record(ctx, "people.member.restore", subject(member), org=member.org, before={"member_status": before}, after=after)
    publish(ctx, member.org, MemberRestored(str(member.id), str(member.person_id)))
    return member


def _against(ctx: Context, member: Member) -> list[Text]:
    if member.status == "active":
        return [lazy("%(name)s is a member.", name=member.name)]
    if member.status == "merged":
        return [lazy("This record was put together with another one.")]
    if member.erased_at is not None:
        return [lazy("What this record held has been erased.")]
    return persons.against_return(ctx, member)


def _held(ctx: Context, member_id: UUID, version: int | None) -> Member:
    member = load(ctx, MEMBER_UPDATE.name, Member, member_id)
    ctx.session.refresh(member, with_for_update=True)
    require(ctx, MEMBER_UPDATE.name, member.org)
    if version is not None and member.version != version:
        raise Conflict(STALE)
    return member
