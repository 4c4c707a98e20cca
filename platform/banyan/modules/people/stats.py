"""Members counted from source, to rebuild the rollups."""

from __future__ import annotations

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Metric
from banyan.modules.people.models import Member

MEMBERS = "people.members"
METRICS = (Metric(MEMBERS, lazy("Members"), lazy("members")),)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Active members by path of their organisation, within ``[lo, hi)``."""
    rows = ctx.session.execute(
        select(Member.org_path, func.count())
        .where(Member.org_path >= lo, Member.org_path < hi, Member.status == "active")
        .group_by(Member.org_path)
    )
    return {MEMBERS: {path: number for path, number in rows}}  # noqa: C416 - rows are no pairs to the type checker
