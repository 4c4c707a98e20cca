"""Periods of membership: opened and ended, never rewritten."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.stats import MEMBERS
from banyan.modules.tenancy.models import Org

ENDED: Text = lazy("This organisation has been revoked or merged: nobody can become its member.")


def hold_place(ctx: Context, org: OrgRef) -> Org:
    """The organisation that somebody becomes a member of, kept from being revoked until the transaction ends.

    :raises Refused: it is no more.
    """
    place = ctx.session.scalars(
        select(Org).where(Org.id == org.id).with_for_update(read=True).execution_options(populate_existing=True)
    ).one()
    if place.status != "active":
        raise Refused(ENDED)
    return place


def open_period(
    ctx: Context, member: Member, on: date, how: str, *, request_id: UUID | None = None, reason: str = ""
) -> Membership:
    """Begin a membership of ``member`` at its organisation, and count it."""
    period = Membership(
        org_id=member.org_id,
        org_path=member.org_path,
        member_id=member.id,
        person_id=member.person_id,
        began_on=on,
        began_by=how,
        reason=reason,
        request_id=request_id,
    )
    ctx.session.add(period)
    count(ctx.session, member.org, MEMBERS)
    ctx.session.flush()
    return period


def current_period(ctx: Context, member: Member) -> Membership:
    """The open membership of an active record."""
    statement = select(Membership).where(Membership.member_id == member.id, Membership.ended_on.is_(None))
    return ctx.session.scalars(statement).one()


def end_period(
    ctx: Context, member: Member, on: date, how: str, *, request_id: UUID | None = None, reason: str = ""
) -> Membership:
    """End the open membership of ``member``, and count it; raises `Invalid` for a day before it began."""
    period = current_period(ctx, member)
    if on < period.began_on:
        day = period.began_on.isoformat()
        raise Invalid({"ended_on": [lazy("The membership began on %(day)s; it cannot end before.", day=day)]})
    period.ended_on, period.ended_by, period.ended_reason, period.ended_request_id = on, how, reason, request_id
    count(ctx.session, period.org, MEMBERS, -1)
    ctx.session.flush()
    return period


def periods(ctx: Context, member_id: UUID) -> list[tuple[Membership, str]]:
    """All memberships of a record with the names of their organisations, the latest first."""
    statement = (
        select(Membership, Org.name)
        .join(Org, Org.id == Membership.org_id)
        .where(Membership.member_id == member_id)
        .order_by(Membership.began_on.desc(), Membership.id.desc())
    )
    return [(period, name) for period, name in ctx.session.execute(statement)]
