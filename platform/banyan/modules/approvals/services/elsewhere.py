"""The way to what waits for somebody at another of their organisations."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.modules.access.neighbours import ORG
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.approvals.services.seats import seats


def where_i_sit(ctx: Context, request_id: UUID) -> str | None:
    """The code of the organisation at which ``request_id`` waits for the actor; None when it does not."""
    desk = ctx.session.scalar(select(ApprovalDesk).where(ApprovalDesk.request_id == request_id))
    seat = next((seat for seat in seats(ctx) if seat.fits(desk)), None) if desk is not None else None
    if seat is None or (ctx.org is not None and seat.org.id == ctx.org.id):
        return None
    return ctx.session.scalar(select(ORG.c.code).where(ORG.c.id == seat.org.id))
