"""Those who left so long ago that nothing is to be kept of them: listed, confirmed, erased by a job (PPL-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import DomainError, Refused
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import require
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import members
from banyan.modules.privacy import settings
from banyan.modules.privacy.permissions import REQUEST_DECIDE
from banyan.modules.privacy.rules import years_later
from banyan.modules.privacy.services import erasure

ENDED: ColumnElement[date] = (
    select(func.max(Membership.__table__.c.ended_on))
    .where(Membership.__table__.c.member_id == Member.id)
    .correlate(Member.__table__)
    .scalar_subquery()
)


def last_day(ctx: Context) -> date:
    """Who left on this day or before has been kept long enough, by the rule at the organisation of the request."""
    return years_later(today(ctx.clock), -settings.retention_years(ctx, ctx.here))


def over(ctx: Context) -> ColumnElement[bool]:
    """The predicate of records that have been kept long enough."""
    gone = Member.status.in_(("left", "deceased"))
    return and_(gone, Member.erased_at.is_(None), last_day(ctx) >= ENDED)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one of several. :ivar refused: why not; empty where the erasure has begun."""

    member_id: UUID
    name: str
    refused: tuple[str, ...] = ()


def confirm(ctx: Context, ids: Sequence[UUID]) -> list[Told]:
    """Erase records that have been kept long enough, one by one; each for itself.

    :return: what became of each.
    """
    return [_confirm(ctx, one) for one in dict.fromkeys(ids)]


def _confirm(ctx: Context, member_id: UUID) -> Told:
    member = members.find(ctx, member_id, MEMBER_READ)
    require(ctx, REQUEST_DECIDE.name, member.org)
    try:
        if ctx.session.scalar(select(Member.id).where(Member.id == member.id, over(ctx))) is None:
            raise Refused(lazy("The time to keep this record is not over."))
        with ctx.session.begin_nested():
            erasure.begin(ctx, member, "retention", "")
        return Told(member.id, member.name)
    except DomainError as error:
        return Told(member.id, member.name, tuple(map(str, error.reasons)))
