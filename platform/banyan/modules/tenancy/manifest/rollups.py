"""Figures of organisations that were created: few as deltas that are folded later, many straight into the rollups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.values import OrgRef
from banyan.modules.tenancy.manifest.sql import uuid7
from banyan.modules.tenancy.stats import ACTIVE, LEVEL, OPENED

FEW = 200

# Most new organisations have none below them: their figures are their own, and are written as they are.
_INNER = """
CREATE TEMPORARY TABLE man_inner ON COMMIT DROP AS SELECT DISTINCT parent_id AS id FROM man_place
WHERE parent_id IS NOT NULL
"""
_METRICS = "(VALUES ('org.active'), (CAST(:level AS text) || r.level), (CAST(:opened AS text))) AS m (metric)"
_LEAVES = f"""
INSERT INTO stat (id, org_id, org_path, metric, value, own, folded_at)
SELECT {uuid7("row_number() OVER ()")}, x.id, x.path, x.metric, 1, 1, :now FROM (
    SELECT p.id, p.path, m.metric FROM man_place p JOIN man_row r ON r.n = p.n CROSS JOIN LATERAL {_METRICS}
    WHERE NOT EXISTS (SELECT 1 FROM man_inner i WHERE i.id = p.id) ORDER BY p.path
) AS x
"""  # noqa: S608 - built of our own expressions
_SUMS = """
CREATE TEMPORARY TABLE man_sum (
    id uuid, parent_id uuid, path text COLLATE "C", depth bigint, metric text COLLATE "C", value bigint, own bigint
) ON COMMIT DROP
"""
# One depth of the tree: what its new inner organisations count themselves, and what those right below add up to.
_DEPTH = f"""
INSERT INTO man_sum
SELECT o.id, o.parent_id, o.path, o.depth, x.metric, sum(x.value), sum(x.own) FROM (
    SELECT p.id, m.metric, 1 AS value, 1 AS own
    FROM man_place p JOIN man_inner i ON i.id = p.id JOIN man_row r ON r.n = p.n CROSS JOIN LATERAL {_METRICS}
    WHERE p.depth = :depth
    UNION ALL
    SELECT p.parent_id, m.metric, count(*), 0
    FROM man_place p JOIN man_row r ON r.n = p.n CROSS JOIN LATERAL {_METRICS}
    WHERE p.depth = :depth + 1 AND p.parent_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM man_inner i WHERE i.id = p.id)
    GROUP BY p.parent_id, m.metric
    UNION ALL
    SELECT s.parent_id, s.metric, s.value, 0 FROM man_sum s WHERE s.depth = :depth + 1
) AS x JOIN org o ON o.id = x.id GROUP BY o.id, o.parent_id, o.path, o.depth, x.metric
"""  # noqa: S608
_WRITE = f"""
INSERT INTO stat (id, org_id, org_path, metric, value, own, folded_at)
SELECT {uuid7("row_number() OVER ()")}, id, path, metric, value, own, :now
FROM (SELECT * FROM man_sum ORDER BY path, metric) AS s
ON CONFLICT (org_id, metric) DO UPDATE SET
    value = stat.value + excluded.value, own = stat.own + excluded.own, folded_at = excluded.folded_at
"""  # noqa: S608


def own_metrics(level: str, created_at: datetime) -> tuple[str, ...]:
    """What one active organisation counts, each once."""
    month = created_at.astimezone(SHANGHAI).strftime("%Y-%m")
    return (ACTIVE, LEVEL + level, OPENED + month)


def count_created(ctx: Context, created: int) -> int:
    """Count the organisations that were created; returns how many figures were written."""
    if created <= FEW:
        return _as_deltas(ctx)
    return _rolled_up(ctx)


def _as_deltas(ctx: Context) -> int:
    written = 0
    rows = ctx.session.execute(text("SELECT p.id, p.path, r.level FROM man_place p JOIN man_row r ON r.n = p.n"))
    for identity, path, level in rows.all():
        for metric in own_metrics(level, ctx.clock.now()):
            count(ctx.session, OrgRef(identity, path), metric)
            written += 1
    ctx.session.flush()
    return written


def _rolled_up(ctx: Context) -> int:
    now = ctx.clock.now()
    _active, level, opened = own_metrics("", now)
    names = {"level": level, "opened": opened}
    for statement in (_INNER, "ANALYZE man_inner", _SUMS):
        ctx.session.execute(text(statement))
    leaves = ctx.session.execute(text(_LEAVES), {**names, "now": now})
    deepest = int(ctx.session.scalar(text("SELECT max(depth) FROM man_place")) or 0)
    for depth in range(deepest, 0, -1):
        ctx.session.execute(text(_DEPTH), {**names, "depth": depth})
        ctx.session.execute(text("ANALYZE man_sum"))
    sums = ctx.session.execute(text(_WRITE), {"now": now})
    return int(leaves.rowcount) + int(sums.rowcount)  # type: ignore[attr-defined]


def count_changed(ctx: Context) -> None:
    """Count organisations again whose level changed."""
    rows = ctx.session.execute(text("SELECT id, path, old_level, level FROM man_change WHERE level <> old_level"))
    changed: list[tuple[UUID, str, str, str]] = [tuple(row) for row in rows]
    for identity, path, before, after in changed:
        org = OrgRef(identity, path)
        count(ctx.session, org, LEVEL + before, -1)
        count(ctx.session, org, LEVEL + after)
    ctx.session.flush()
