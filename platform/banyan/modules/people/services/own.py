"""What is somebody's own: the records of whoever is signed in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from banyan.kernel.context import Context
from banyan.kernel.db.prepared import Prepared
from banyan.kernel.db.session import reading
from banyan.modules.people.models import Member


def records(ctx: Context) -> list[Member]:
    """The active records of the actor's account, wherever they are; the oldest first. One statement."""
    if ctx.actor.account_id is None:
        return []
    statement = select(Member).where(Member.account_id == ctx.actor.account_id, Member.status == "active")
    return list(ctx.session.scalars(statement.order_by(Member.admitted_on, Member.id)))


_ANY = Prepared(select(Member.id).where(Member.account_id == bindparam("me"), Member.status == "active").limit(1))


def any_record(ctx: Context) -> bool:
    """Whether the actor is a member anywhere; cheap enough for every page."""
    me = ctx.actor.account_id
    return me is not None and bool(_ANY.rows(reading(ctx.session), {"me": me}))


def is_member(ctx: Context) -> bool:
    """Whether the actor is a member of the organisation of the request or of one below it."""
    return any(member.org_path.startswith(ctx.here.path) for member in records(ctx))


def person_id(ctx: Context) -> UUID | None:
    """The person behind the actor, None for those who are no members."""
    return next((member.person_id for member in records(ctx)), None)
