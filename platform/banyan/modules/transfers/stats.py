"""How many members were transferred in and out, by organisation and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Metric, OrgRef
from banyan.modules.stats.services import figures
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.rules import month

OUT, IN = "transfers.out:", "transfers.in:"
METRICS = (
    Metric(OUT, lazy("Members transferred out, by month"), lazy("members")),
    Metric(IN, lazy("Members transferred in, by month"), lazy("members")),
)
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Month:
    """How many came and went in a month, as ``2026-02``."""

    name: str
    came: int
    went: int


def note(ctx: Context, org: OrgRef, metric: str, day: date) -> None:
    """Count a member who came to or went from ``org``."""
    count(ctx.session, org, metric + month(day))


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """The figures counted anew: where the sides stand now, as figures of an organisation move with it."""
    found: dict[str, dict[str, int]] = {}
    for metric, column in ((OUT, Transfer.from_id), (IN, Transfer.to_id)):
        statement = (
            select(Org.path, Transfer.moved_on, func.count())
            .join(Org, Org.id == column)
            .where(Transfer.state == "done", Org.path >= lo, Org.path < hi)
            .group_by(Org.path, Transfer.moved_on)
        )
        for path, day, number in ctx.session.execute(statement):
            if day is not None:
                at = found.setdefault(metric + month(day), {})
                at[path] = at.get(path, 0) + number
    return found


def by_month(ctx: Context, org: OrgRef) -> Sequence[Month]:
    """Those who came to and went from ``org`` and all below it in the last `MONTHS` months, the latest first.

    Who moves from one branch below to another came and went.
    """
    found = figures(ctx.session, [org], IN, OUT)[org.id]
    return [Month(each, found.get(IN + each, 0), found.get(OUT + each, 0)) for each in _months(today(ctx.clock))]


def _months(day: date) -> list[str]:
    found = []
    year, number = day.year, day.month
    for _count in range(MONTHS):
        found.append(month(date(year, number, 1)))
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)
    return found
