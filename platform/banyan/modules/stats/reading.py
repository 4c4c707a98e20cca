"""Figures for other modules: of the organisation of the request, and of each directly below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import visible
from banyan.modules.stats.permissions import FIGURE_READ
from banyan.modules.stats.services import figures
from banyan.modules.tenancy.models import Org

MOST_BELOW = 200


class OrgFigures(NamedTuple):
    """Metrics rolled up over an organisation and all below it."""

    code: str
    name: str
    values: dict[str, int]


def figures_here(ctx: Context, metrics: Sequence[str]) -> dict[str, int]:
    """Metric → number over the subtree of the organisation of the request; 0 where nothing was counted."""
    found = figures(ctx.session, [ctx.here], *metrics)[ctx.here.id]
    return {metric: found.get(metric, 0) for metric in metrics}


def figures_below(ctx: Context, metrics: Sequence[str]) -> list[OrgFigures]:
    """The same for each organisation directly below that the reader may see figures of, at most `MOST_BELOW`."""
    rows = ctx.session.execute(
        select(Org.id, Org.path, Org.code, Org.name, Org.short_name)
        .where(Org.parent_id == ctx.here.id, visible(ctx, FIGURE_READ.name, Org.path, within=ctx.here))
        .order_by(Org.ordinal)
        .limit(MOST_BELOW)
    ).all()
    found = figures(ctx.session, [OrgRef(row.id, row.path) for row in rows], *metrics) if rows else {}
    return [
        OrgFigures(row.code, row.short_name or row.name, {name: found[row.id].get(name, 0) for name in metrics})
        for row in rows
    ]
