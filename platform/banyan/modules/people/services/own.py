"""What is somebody's own: the records of whoever is signed in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.modules.people.models import Member


def records(ctx: Context) -> list[Member]:
    """The active records of the actor's account, wherever they are; the oldest first. One statement."""
    if ctx.actor.account_id is None:
        return []
    statement = select(Member).where(Member.account_id == ctx.actor.account_id, Member.status == "active")
    return list(ctx.session.scalars(statement.order_by(Member.admitted_on, Member.id)))


def is_member(ctx: Context) -> bool:
    """Whether the actor is a member of the organisation of the request or of one below it."""
    return any(member.org_path.startswith(ctx.here.path) for member in records(ctx))


def person_id(ctx: Context) -> UUID | None:
    """The person behind the actor, None for those who are no members."""
    return next((member.person_id for member in records(ctx)), None)
