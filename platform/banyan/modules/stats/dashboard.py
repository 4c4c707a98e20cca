"""The dashboard of any level: its subtree at a glance, one step of drill-down (UI-02)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from banyan.kernel.clock import SHANGHAI, today
from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import visible
from banyan.modules.stats.permissions import FIGURE_READ
from banyan.modules.stats.services import figures
from banyan.modules.tenancy.lists import in_language
from banyan.modules.tenancy.models import Level, Org

ORGS, ACCOUNTS, LEVEL, OPENED = "org.active", "account.active", "org.level:", "org.opened:"
MEMBERS = "people.members"
MOST_CHILDREN = 200
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Child:
    """An organisation directly below, with the numbers of its subtree."""

    code: str
    name: str
    level: str
    organisations: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a dashboard shows.

    :ivar organisations: below this one, itself not counted. :ivar levels: label → number below.
    :ivar months: first days of the last twelve months. :ivar totals: organisations below at the end of each.
    """

    organisations: int
    accounts: int
    members: int
    opened_this_month: int
    children: tuple[Child, ...]
    levels: tuple[tuple[str, int], ...]
    months: tuple[date, ...]
    totals: tuple[int, ...]
    opened: tuple[int, ...]


def dashboard(ctx: Context) -> Dashboard:
    """The dashboard of the organisation of the request. Four statements, whatever the size of the subtree."""
    here = ctx.here
    below = ctx.session.execute(
        select(Org.id, Org.path, Org.code, Org.name, Org.short_name, Org.level)
        .where(Org.parent_id == here.id, visible(ctx, FIGURE_READ.name, Org.path, within=here))
        .order_by(Org.ordinal)
        .limit(MOST_CHILDREN)
    ).all()
    refs = [here, *(OrgRef(row.id, row.path) for row in below)]
    found = figures(ctx.session, refs, ORGS, ACCOUNTS, MEMBERS, LEVEL, OPENED)
    own = found[here.id]
    children = tuple(
        Child(row.code, row.short_name or row.name, row.level, found[row.id][ORGS], found[row.id][ACCOUNTS])
        for row in below
    )
    months = last_months(today(ctx.clock))
    itself = ctx.session.get_one(Org, here.id)
    born = f"{OPENED}{itself.created_at.astimezone(SHANGHAI):%Y-%m}"
    opened = tuple(_below(own, f"{OPENED}{month:%Y-%m}", born) for month in months)
    total = max(own[ORGS] - 1, 0)
    return Dashboard(
        organisations=total,
        accounts=own[ACCOUNTS],
        members=own[MEMBERS],
        opened_this_month=opened[-1],
        children=children,
        levels=_levels(ctx, own, itself),
        months=months,
        totals=running(total, opened),
        opened=opened,
    )


def _below(own: dict[str, int], metric: str, of_itself: str) -> int:
    """A number of the subtree without the organisation itself."""
    return max(own[metric] - (metric == of_itself), 0)


def _levels(ctx: Context, own: dict[str, int], itself: Org) -> tuple[tuple[str, int], ...]:
    rows = ctx.session.execute(select(Level.key, Level.label).order_by(Level.rank)).all()
    counted = [(in_language(label, key), _below(own, LEVEL + key, LEVEL + itself.level)) for key, label in rows]
    return tuple((label, n) for label, n in counted if n > 0)


def last_months(day: date) -> tuple[date, ...]:
    """First days of the last twelve months, that of ``day`` last."""
    number = day.year * 12 + day.month - 1
    return tuple(date(n // 12, n % 12 + 1, 1) for n in range(number - MONTHS + 1, number + 1))


def running(total: int, opened: Sequence[int]) -> tuple[int, ...]:
    """Totals at the end of each month, from today's total backwards."""
    totals = [total]
    for n in reversed(opened[1:]):
        totals.append(max(totals[-1] - n, 0))
    return tuple(reversed(totals))
