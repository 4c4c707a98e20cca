"""Figures about organisations against their source: recounted for `banyan tree check`, mended for `tree repair`."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.modules.tenancy.manifest.sql import uuid7
from banyan.modules.tenancy.services.integrity import MOST, Finding

# What active organisations count themselves; the same as `banyan.modules.tenancy.stats.counted`, at once.
_SOURCE = """
SELECT id, path, m.metric FROM org CROSS JOIN LATERAL (VALUES
    ('org.active'), (CAST('org.level:' AS text) || level),
    (CAST('org.opened:' AS text) || to_char(created_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'))
) AS m (metric) WHERE status = 'active'
UNION ALL SELECT id, path, 'org.late' FROM org WHERE status = 'active' AND entry_days > 30
"""
_OWN = """
CREATE TEMPORARY TABLE tree_own ON COMMIT DROP AS
SELECT coalesce(f.id, s.org_id) AS id, coalesce(f.metric, s.metric) AS metric,
    coalesce(s.own, 0) AS own, coalesce(f.n, 0) - coalesce(d.n, 0) AS right_own
FROM (SELECT id, metric, count(*) AS n FROM (%s) AS source GROUP BY id, metric) AS f
FULL JOIN (SELECT * FROM stat WHERE metric >= 'org.' AND metric < 'org/') AS s
    ON s.org_id = f.id AND s.metric = f.metric
LEFT JOIN (
    SELECT org_id, metric, sum(n) AS n FROM stat_delta
    WHERE metric COLLATE "C" >= 'org.' AND metric COLLATE "C" < 'org/' GROUP BY org_id, metric
) AS d ON d.org_id = coalesce(f.id, s.org_id) AND d.metric = coalesce(f.metric, s.metric)
"""
_WRONG_OWN = """
SELECT o.code, w.metric, w.own, w.right_own FROM tree_own w JOIN org o ON o.id = w.id
WHERE w.own <> w.right_own ORDER BY o.path, w.metric LIMIT :most
"""
_WRONG_SUMS = """
SELECT o.code, x.metric, x.value, x.own + x.below AS right_value FROM (
    SELECT coalesce(s.org_id, c.id) AS id, coalesce(s.metric, c.metric) AS metric, coalesce(s.value, 0) AS value,
        coalesce(s.own, 0) AS own, coalesce(c.below, 0) AS below
    FROM stat s FULL JOIN (
        SELECT o.parent_id AS id, s.metric, sum(s.value) AS below FROM stat s JOIN org o ON o.id = s.org_id
        WHERE o.parent_id IS NOT NULL GROUP BY o.parent_id, s.metric
    ) AS c ON c.id = s.org_id AND c.metric = s.metric
) AS x JOIN org o ON o.id = x.id WHERE x.value <> x.own + x.below ORDER BY o.path, x.metric LIMIT :most
"""


def recount(session: Session) -> list[Finding]:
    """Figures that differ from what the organisations themselves say, or from the sum of those below."""
    _compare(session)
    found = []
    for code, metric, own, right in session.execute(text(_WRONG_OWN), {"most": MOST}):
        found.append(Finding("figure", code, f"own {metric} is {own} instead of {right}", True))
    for code, metric, value, right in session.execute(text(_WRONG_SUMS), {"most": MOST}):
        found.append(Finding("figure", code, f"{metric} is {value} instead of {right}", True))
    return found


def _compare(session: Session) -> None:
    session.execute(text("DROP TABLE IF EXISTS pg_temp.tree_own"))
    session.execute(text(_OWN % _SOURCE))


_MEND_OWN = f"""
INSERT INTO stat (id, org_id, org_path, metric, value, own, folded_at)
SELECT {uuid7("row_number() OVER ()")}, o.id, o.path, w.metric, w.right_own, w.right_own, now()
FROM tree_own w JOIN org o ON o.id = w.id WHERE w.own <> w.right_own
ON CONFLICT (org_id, metric) DO UPDATE SET own = excluded.own, folded_at = excluded.folded_at
"""  # noqa: S608 - built of our own expressions
_MEND_DEPTH = f"""
INSERT INTO stat (id, org_id, org_path, metric, value, own, folded_at)
SELECT {uuid7("row_number() OVER ()")}, o.id, o.path, x.metric, x.value, 0, now() FROM (
    SELECT y.id, y.metric, sum(y.n) AS value FROM (
        SELECT s.org_id AS id, s.metric, s.own AS n FROM stat s JOIN org o ON o.id = s.org_id WHERE o.depth = :depth
        UNION ALL
        SELECT o.parent_id, s.metric, s.value FROM stat s JOIN org o ON o.id = s.org_id WHERE o.depth = :depth + 1
    ) AS y GROUP BY y.id, y.metric
) AS x JOIN org o ON o.id = x.id LEFT JOIN stat old ON old.org_id = x.id AND old.metric = x.metric
WHERE old.value IS DISTINCT FROM x.value
ON CONFLICT (org_id, metric) DO UPDATE SET value = excluded.value, folded_at = excluded.folded_at
"""  # noqa: S608


def mend(session: Session) -> int:
    """Make figures right, from the deepest organisations upward; returns rows written."""
    _compare(session)
    written = _rows(session, _MEND_OWN, {})
    deepest = int(session.scalar(text("SELECT max(depth) FROM org")) or 0)
    for depth in range(deepest, 0, -1):
        written += _rows(session, _MEND_DEPTH, {"depth": depth})
    return written


def _rows(session: Session, statement: str, values: dict[str, int]) -> int:
    return int(session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]
