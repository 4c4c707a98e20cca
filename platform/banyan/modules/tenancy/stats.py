"""Organisations counted from source, to rebuild the rollups."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Metric
from banyan.modules.tenancy.life_rules import late_by
from banyan.modules.tenancy.models import Org

ACTIVE, LEVEL, OPENED, LATE = "org.active", "org.level:", "org.opened:", "org.late"
METRICS = (
    Metric(ACTIVE, lazy("Organisations"), lazy("organisations")),
    Metric(LEVEL, lazy("Organisations by level"), lazy("organisations")),
    Metric(OPENED, lazy("Organisations by month of opening"), lazy("organisations")),
    Metric(LATE, lazy("Organisations entered late"), lazy("organisations")),
)


def own_metrics(org: Org) -> tuple[str, ...]:
    """What one active organisation counts, each once."""
    month = org.created_at.astimezone(SHANGHAI).strftime("%Y-%m")
    late = (LATE,) if late_by(org.entry_days) else ()
    return (ACTIVE, LEVEL + org.level, OPENED + month, *late)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Active organisations within ``[lo, hi)``, each once: in all, by level, by month of opening, entered late."""
    month = func.to_char(func.timezone("Asia/Shanghai", Org.created_at), "YYYY-MM")
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = ctx.session.execute(
        select(Org.path, Org.level, month, Org.entry_days).where(Org.path >= lo, Org.path < hi, Org.status == "active")
    )
    for path, level, opened, days in rows:
        for metric in (ACTIVE, LEVEL + level, OPENED + opened, *((LATE,) if late_by(days) else ())):
            found[metric][path] = 1
    return found
