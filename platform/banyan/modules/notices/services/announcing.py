"""Announcements that an organisation makes to everybody, signed in or not."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from banyan.kernel.context import Context
from banyan.modules.notices.models import Notice

SHOWN = 50


def listing(ctx: Context) -> Sequence[Notice]:
    """The latest public announcements of the organisation of the request that hold, newest first."""
    statement = select(Notice).where(_public(ctx)).order_by(Notice.order_at.desc(), Notice.id.desc()).limit(SHOWN)
    return ctx.session.scalars(statement).all()


def one(ctx: Context, notice_id: UUID) -> Notice | None:
    """A public announcement of the organisation of the request; None for everything else."""
    return ctx.session.scalar(select(Notice).where(_public(ctx), Notice.id == notice_id))


def _public(ctx: Context) -> ColumnElement[bool]:
    still = or_(Notice.valid_until.is_(None), Notice.valid_until > ctx.clock.now())
    return and_(Notice.org_id == ctx.here.id, Notice.public, Notice.state == "published", still)
