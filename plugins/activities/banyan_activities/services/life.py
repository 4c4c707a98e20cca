"""What activities mean for the life of their organisation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from banyan.sdk import Context, Message, OrgRef, lazy
from banyan_activities.models import Activity


def against_revocation(ctx: Context, org: OrgRef) -> Sequence[Message]:
    """Activities that people have been told of and that are not over."""
    statement = select(func.count()).where(
        Activity.org_id == org.id, Activity.state == "published", Activity.ends_at > ctx.clock.now()
    )
    number = ctx.session.scalar(statement) or 0
    return (lazy("Published activities that are not over: %(n)s. Hold or cancel them.", n=number),) if number else ()
