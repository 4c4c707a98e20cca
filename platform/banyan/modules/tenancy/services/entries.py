"""Organisations that were entered late (ORG-03)."""

from __future__ import annotations

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.modules.access.decision import visible
from banyan.modules.tenancy import lists
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_READ


def late(ctx: Context) -> int:
    """How many active organisations here and below were entered late: an index holds only those."""
    seen = visible(ctx, ORG_READ.name, Org.path, within=ctx.here)
    statement = select(func.count()).select_from(Org).where(lists.LATE, Org.status == "active", seen)
    return ctx.session.scalar(statement) or 0
