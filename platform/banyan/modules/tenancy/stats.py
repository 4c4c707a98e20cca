"""Organisations counted from source, to rebuild the rollups."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Metric
from banyan.modules.tenancy.models import Org

ACTIVE, LEVEL, OPENED = "org.active", "org.level:", "org.opened:"
METRICS = (
    Metric(ACTIVE, lazy("Organisations"), lazy("organisations")),
    Metric(LEVEL, lazy("Organisations by level"), lazy("organisations")),
    Metric(OPENED, lazy("Organisations by month of opening"), lazy("organisations")),
)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Active organisations within ``[lo, hi)``, each once: in all, by level, by month of opening in Shanghai."""
    month = func.to_char(func.timezone("Asia/Shanghai", Org.created_at), "YYYY-MM")
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = ctx.session.execute(
        select(Org.path, Org.level, month).where(Org.path >= lo, Org.path < hi, Org.status == "active")
    )
    for path, level, opened in rows:
        for metric in (ACTIVE, LEVEL + level, OPENED + opened):
            found[metric][path] = 1
    return found
