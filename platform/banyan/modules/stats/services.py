"""Fold deltas into every ancestor, read figures, rebuild them from source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from banyan.kernel.context import Context
from banyan.kernel.counting import StatDelta, hold_folding
from banyan.kernel.db.base import new_id
from banyan.kernel.treepath import ancestors, lineage, upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.rules import merged
from banyan.modules.stats.models import Stat
from banyan.modules.tenancy.models import Org

BATCH = 5_000
Figures = dict[UUID, dict[str, int]]
Numbers = Mapping[tuple[str, str], tuple[int, int]]


def fold(ctx: Context) -> int:
    """Fold waiting deltas into `Stat`, oldest first, at most `BATCH`; returns how many. One folder at a time."""
    hold_folding(ctx.session)
    waiting = ctx.session.scalars(
        select(StatDelta).order_by(StatDelta.id).limit(BATCH).with_for_update(skip_locked=True)
    ).all()
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in waiting:
        sums[row.org_path, row.metric][1] += row.n
        for path in lineage(row.org_path):
            sums[path, row.metric][0] += row.n
    _add(ctx.session, {key: (value, own) for key, (value, own) in sums.items()}, ctx.clock.now())
    ctx.session.execute(delete(StatDelta).where(StatDelta.id.in_([row.id for row in waiting])))
    return len(waiting)


def fold_all(ctx: Context) -> None:
    """Fold until nothing waits."""
    while fold(ctx) == BATCH:
        ctx.session.flush()


def _add(session: Session, sums: Numbers, now: datetime) -> None:
    paths = {path for path, _metric in sums}
    ids = {path: identity for identity, path in session.execute(select(Org.id, Org.path).where(Org.path.in_(paths)))}

    def row(path: str, metric: str) -> dict[str, Any]:
        return {"id": new_id(), "org_id": ids[path], "org_path": path, "metric": metric, "folded_at": now}

    rows = [
        {**row(path, metric), "value": value, "own": own}
        for (path, metric), (value, own) in sorted(sums.items())
        if path in ids
    ]
    if not rows:
        return
    statement = insert(Stat)
    added = statement.on_conflict_do_update(
        index_elements=[Stat.org_id, Stat.metric],
        set_={
            "value": Stat.value + statement.excluded.value,
            "own": Stat.own + statement.excluded.own,
            "folded_at": statement.excluded.folded_at,
        },
    )
    session.execute(added, rows)


def move(ctx: Context, org: OrgRef, old_path: str) -> None:
    """Take the numbers of a moved subtree out of the organisations above its old place, into those above its new one.

    What still waits follows by itself: it is folded into whatever stands above it then.
    """
    rows = ctx.session.execute(select(Stat.metric, Stat.value).where(Stat.org_id == org.id, Stat.value != 0)).all()
    left, joined = ancestors(old_path), ancestors(org.path)
    sums = {(path, metric): (-value, 0) for metric, value in rows for path in left if path not in joined}
    sums |= {(path, metric): (value, 0) for metric, value in rows for path in joined if path not in left}
    _add(ctx.session, sums, ctx.clock.now())


def merge(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """Give an organisation's own numbers to another one, which has taken all that was below it already."""
    statement = select(Stat.metric, Stat.own).where(Stat.org_id == org.id, Stat.own != 0)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for metric, own in ctx.session.execute(statement).all():
        for place, n in ((org, -own), (into, own)):
            sums[place.path, metric][1] += n
            for path in lineage(place.path):
                sums[path, metric][0] += n
    _add(ctx.session, {key: (value, own) for key, (value, own) in sums.items() if value or own}, ctx.clock.now())


def figures(session: Session, orgs: Sequence[OrgRef], *prefixes: str) -> Figures:
    """Numbers over the subtree of each of ``orgs``, exact: what is folded, and what still waits.

    :param orgs: inside the session's scope. :param prefixes: of metrics, for instance ``org.active``.
    :return: organisation → metric → number. Two statements, by index, whatever the size of the tree.
    """
    found: Figures = {org.id: defaultdict(int) for org in orgs}
    if not orgs:
        return found
    rows = session.execute(
        select(Stat.org_id, Stat.metric, Stat.value).where(Stat.org_id.in_(list(found)), _begins(Stat.metric, prefixes))
    )
    for identity, metric, value in rows:
        found[identity][metric] += value
    reaches = merged((org.path, upper(org.path)) for org in orgs)
    within = or_(*(and_(StatDelta.org_path >= lo, StatDelta.org_path < hi) for lo, hi in reaches))
    waiting = session.execute(
        select(StatDelta.org_path, StatDelta.metric, func.sum(StatDelta.n))
        .where(within, _begins(StatDelta.metric, prefixes))
        .group_by(StatDelta.org_path, StatDelta.metric)
    )
    for path, metric, n in waiting:
        for org in orgs:
            if path.startswith(org.path):
                found[org.id][metric] += int(n)
    return found


def _begins(column: InstrumentedAttribute[str], prefixes: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(and_(column >= prefix, column < prefix + "~") for prefix in prefixes))


def rebuild(ctx: Context, counted: Sequence[Mapping[str, Mapping[str, int]]], org: OrgRef) -> int:
    """Replace all figures at and below ``org`` by numbers counted from source; returns rows written.

    Deltas that wait below ``org`` are part of what was counted and are dropped; organisations above get the difference.

    :param counted: of each module: metric → path → number at that organisation alone.
    """
    hold_folding(ctx.session)
    lo, hi = org.path, upper(org.path)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for metrics in counted:
        for metric, numbers in metrics.items():
            for path, n in numbers.items():
                sums[path, metric][1] += n
                for above in lineage(path):
                    if lo <= above < hi:
                        sums[above, metric][0] += n
    before = ctx.session.execute(select(Stat.metric, Stat.value).where(Stat.org_id == org.id))
    known = {metric: value for metric, value in before}  # noqa: C416 - rows are no pairs to the type checker
    ctx.session.execute(delete(StatDelta).where(StatDelta.org_path >= lo, StatDelta.org_path < hi))
    ctx.session.execute(delete(Stat).where(Stat.org_path >= lo, Stat.org_path < hi))
    for metric in known.keys() | {metric for path, metric in sums if path == org.path}:
        found = sums[org.path, metric][0] if (org.path, metric) in sums else 0
        for above in ancestors(org.path):
            sums[above, metric][0] = found - known.get(metric, 0)
    _add(ctx.session, {key: (value, own) for key, (value, own) in sums.items()}, ctx.clock.now())
    return len(sums)
