"""Who leaves for age, who stays by exception, and the act of leaving, for many at once (PPL-09)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load, visible
from banyan.modules.audit.services import record
from banyan.modules.people.age_settings import ADMISSION, MOST, TYPES, types_of
from banyan.modules.people.campaign_models import AgeException
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, MEMBER_UPDATE
from banyan.modules.people.rules import ages
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.plugins.settings import setting

AT_ONCE = 500
HORIZON = 12
MONTHS = (0, 1, 3, 6, 12)
# Parts of this module that know of posts say here who holds one: such members stay.
HOLDERS: list[Callable[[Context, Sequence[UUID]], Mapping[UUID, Text]]] = []


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What came of leaving for several. :ivar left: who was left out, and why."""

    done: int
    left: list[tuple[str, Text]] = field(default_factory=list)


def born_until(ctx: Context, months: int) -> date:
    """The last date of birth with which somebody has reached the limit in so many months."""
    day = ages.months_later(today(ctx.clock), months)
    return ages.latest_birth(int(setting(ctx, MOST.key)), day)


def concerned(ctx: Context, months: int = HORIZON) -> ColumnElement[bool]:
    """The predicate of members here and below who reach the limit within so many months, exceptions among them."""
    if setting(ctx, ADMISSION.key) == "off":
        return false()
    types = sorted(types_of(str(setting(ctx, TYPES.key))))
    return and_(
        Member.status == "active",
        Member.birth_order <= born_until(ctx, months),
        Org.type.in_(types),
        visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here),
    )


def how_many(ctx: Context, most: int = 1_000) -> int:
    """How many are to leave now, ``most`` at most; exceptions are not counted."""
    excepted = select(AgeException.member_id).where(
        AgeException.member_id == Member.id, AgeException.ended_at.is_(None), AgeException.until >= today(ctx.clock)
    )
    some = select(Member.id).join(Org, Org.id == Member.org_id).where(concerned(ctx, 0), ~excepted.exists()).limit(most)
    return ctx.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def leave(ctx: Context, data: Mapping[str, Any]) -> LeftOut:
    """Note that members left for age.

    Left out are those who are too young, have an exception, hold a post, or cannot leave on that day.

    :param data: ``ids``, ``ended_on``, ``reason``. :raises Invalid: a day in the future.
    """
    if data["ended_on"] > today(ctx.clock):
        raise Invalid({"ended_on": [lazy("This date lies in the future.")]})
    ids = list(dict.fromkeys(data["ids"]))[:AT_ONCE]
    found = ctx.session.execute(
        select(Member.id, Member.name, Member.birth_date)
        .join(Org, Org.id == Member.org_id)
        .where(Member.id.in_(ids), concerned(ctx), visible(ctx, MEMBER_UPDATE.name, Member.org_path))
        .order_by(Member.id)
    ).all()
    stay = _who_stay(ctx, [row[0] for row in found])
    last = ages.latest_birth(int(setting(ctx, MOST.key)), data["ended_on"])
    done, left = 0, list[tuple[str, Text]]()
    for identity, name, born in found:
        reason = stay.get(identity)
        if reason is None and (born is None or born > last):
            reason = TOO_YOUNG
        if reason is None:
            reason = _leave(ctx, identity, data)
        if reason is None:
            done += 1
        else:
            left.append((name, reason))
    return LeftOut(done, left)


TOO_YOUNG: Text = lazy("Has not reached the age by then.")


def _leave(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> Text | None:
    try:
        with ctx.session.begin_nested():
            members.leave(ctx, member_id, {"kind": "age", "ended_on": data["ended_on"], "reason": data["reason"]})
    except (Invalid, Refused, Conflict) as error:
        return next(
            iter(reason for found in (error.reasons, *error.fields.values()) for reason in found), lazy("Refused.")
        )
    return None


def _who_stay(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Text]:
    rows = ctx.session.scalars(
        select(AgeException.member_id).where(
            AgeException.member_id.in_(ids), AgeException.ended_at.is_(None), AgeException.until >= today(ctx.clock)
        )
    )
    stay: dict[UUID, Text] = {member_id: lazy("There is an exception.") for member_id in rows}
    for holders in HOLDERS:
        stay.update(holders(ctx, ids))
    return stay


def exception_of(ctx: Context, member_id: UUID) -> AgeException | None:
    """The exception in force of a member."""
    return ctx.session.scalars(
        select(AgeException).where(AgeException.member_id == member_id, AgeException.ended_at.is_(None))
    ).first()


def except_(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> AgeException:
    """Let a member stay until a day, for a reason; an earlier exception ends with it.

    :raises Invalid: the day is over. :raises Refused: no member any more.
    """
    member = load(ctx, MEMBER_UPDATE.name, Member, member_id)
    ctx.session.refresh(member, with_for_update=True)
    if member.status != "active":
        raise Refused(lazy("%(name)s is no member any more.", name=member.name))
    if data["until"] < today(ctx.clock):
        raise Invalid({"until": [lazy("This day is over.")]})
    earlier = exception_of(ctx, member_id)
    if earlier is not None:
        earlier.ended_at, earlier.ended_by = ctx.clock.now(), ctx.actor.account_id
        ctx.session.flush()
    made = AgeException(
        member_id=member.id,
        org_path=member.org_path,
        reason=data["reason"],
        until=data["until"],
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    after = {"reason": made.reason, "until": made.until}
    record(ctx, "people.age.except", members.subject(member), org=member.org, after=after)
    return made


def end_exception(ctx: Context, member_id: UUID) -> None:
    """End the exception of a member.

    :raises NotFound: there is none.
    """
    member = load(ctx, MEMBER_UPDATE.name, Member, member_id)
    found = exception_of(ctx, member_id)
    if found is None:
        raise NotFound(lazy("There is no exception."))
    found.ended_at, found.ended_by = ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    record(ctx, "people.age.end", members.subject(member), org=member.org, before={"reason": found.reason})
