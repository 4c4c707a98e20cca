"""Activities in figures, for every level: held, participants and minutes, by kind and month (ACT-06).

A figure is counted when the thing happens and rolled up over the tree; a page of figures reads those, whatever their
number. Held is what is published and not cancelled, in the month in which it begins.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import func, select

from banyan.sdk import Context, Metric, count, lazy

from .models import Activity, SignUp
from .rules import KINDS, month_of

PUBLISHED, HELD, CAME, MINUTES = (f"activities.{name}" for name in ("published", "held", "participants", "minutes"))
METRICS = (Metric(PUBLISHED, lazy("Activities published")),)


def metric(what: str, kind: str, month: str) -> str:
    """``activities.held:culture:2026-03``"""
    return f"{what}:{kind}:{month}"


def published(ctx: Context, activity: Activity, n: int) -> None:
    """Count an activity that is published (1), or not any more (-1)."""
    count(ctx.session, activity.org, PUBLISHED, n)
    count(ctx.session, activity.org, metric(HELD, activity.kind, month_of(activity.starts_at)), n)


def moved(ctx: Context, activity: Activity, kind: str, starts_at: datetime) -> None:
    """A published activity is another kind or in another month than it was."""
    before, after = (kind, month_of(starts_at)), (activity.kind, month_of(activity.starts_at))
    if before != after:
        count(ctx.session, activity.org, metric(HELD, *before), -1)
        count(ctx.session, activity.org, metric(HELD, *after), 1)


def attended(ctx: Context, activity: Activity, people: int, minutes: int) -> None:
    """Count somebody who came, with the minutes that count for them."""
    about = (activity.kind, month_of(activity.starts_at))
    count(ctx.session, activity.org, metric(CAME, *about), people)
    count(ctx.session, activity.org, metric(MINUTES, *about), minutes)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """The figures counted anew: metric → path of organisation → number there."""
    month = func.to_char(func.timezone("Asia/Shanghai", Activity.starts_at), "YYYY-MM")
    inside = (Activity.org_path >= lo, Activity.org_path < hi, Activity.state == "published")
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    held = select(Activity.org_path, Activity.kind, month, func.count()).where(*inside)
    for path, kind, when, number in ctx.session.execute(held.group_by(Activity.org_path, Activity.kind, month)):
        found[PUBLISHED][path] += number
        found[metric(HELD, kind, when)][path] = number
    came = (
        select(Activity.org_path, Activity.kind, month, func.count(), func.coalesce(func.sum(SignUp.minutes), 0))
        .join(SignUp, SignUp.activity_id == Activity.id)
        .where(Activity.org_path >= lo, Activity.org_path < hi, SignUp.attended != "")
        .group_by(Activity.org_path, Activity.kind, month)
    )
    for path, kind, when, number, minutes in ctx.session.execute(came):
        found[metric(CAME, kind, when)][path] = number
        found[metric(MINUTES, kind, when)][path] = int(minutes)
    return {name: dict(rows) for name, rows in found.items()}


def every(what: str, months: list[str]) -> list[str]:
    """All metrics of ``what`` in ``months``."""
    return [metric(what, kind, month) for kind in KINDS for month in months]
