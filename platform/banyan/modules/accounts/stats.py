"""Accounts counted from source, to rebuild the rollups."""

from __future__ import annotations

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Metric
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services.accounts import METRIC

METRICS = (Metric(METRIC, lazy("Accounts"), lazy("accounts")),)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Active accounts by path of their home organisation, within ``[lo, hi)``."""
    rows = ctx.session.execute(
        select(Account.org_path, func.count())
        .where(Account.org_path >= lo, Account.org_path < hi, Account.status == "active")
        .group_by(Account.org_path)
    )
    return {METRIC: {row[0]: row[1] for row in rows}}
