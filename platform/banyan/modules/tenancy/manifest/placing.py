"""Where new organisations will stand: paths and ordinals, level by level from the top, computed by the database."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.manifest.sql import base36
from banyan.modules.tenancy.manifest.values import Manifest, Where

_NEW = """
CREATE TEMPORARY TABLE man_new ON COMMIT DROP AS
    SELECT r.n, r.id, r.code, r.parent, row_number() OVER (PARTITION BY r.parent ORDER BY r.n) AS place
    FROM man_row r
    WHERE NOT EXISTS (SELECT 1 FROM org o WHERE o.code = r.code)
        AND NOT EXISTS (SELECT 1 FROM man_twice t WHERE t.n = r.n);
CREATE TEMPORARY TABLE man_place (
    n integer, id uuid, parent_id uuid, code text COLLATE "C", path text COLLATE "C",
    depth bigint, ordinal bigint, step integer
) ON COMMIT DROP
"""
# Two people who open organisations below one parent get two ordinals.
_LOCK_PARENTS = """
SELECT o.id FROM org o WHERE o.code IN (SELECT parent FROM man_new) ORDER BY o.path FOR UPDATE
"""
# Built of our own expressions alone.
_TOP = f"""
INSERT INTO man_place
SELECT n, id, parent_id, code, above || {base36("ordinal")} || '.', depth, ordinal, 0 FROM (
    SELECT w.n, w.id, w.code, o.id AS parent_id, coalesce(o.path, '') AS above, coalesce(o.depth, 0) + 1 AS depth,
        w.place + coalesce(o.last_ordinal, roots.last) AS ordinal
    FROM man_new w LEFT JOIN org o ON o.code = w.parent
    CROSS JOIN (SELECT coalesce(max(ordinal), 0) AS last FROM org WHERE parent_id IS NULL) AS roots
    WHERE w.parent = '' OR o.id IS NOT NULL
) AS top
"""  # noqa: S608
_NEXT = f"""
INSERT INTO man_place
SELECT w.n, w.id, p.id, w.code, p.path || {base36("w.place")} || '.', p.depth + 1, w.place, :step
FROM man_place p JOIN man_new w ON w.parent = p.code WHERE p.step = :step - 1
"""  # noqa: S608
_UNREACHED = """
SELECT w.code, w.parent, f.name, r.line FROM man_new w JOIN man_row r ON r.n = w.n JOIN man_file f ON f.id = r.file
WHERE NOT EXISTS (SELECT 1 FROM man_place p WHERE p.n = w.n) ORDER BY w.n
"""


def place(session: Session, manifest: Manifest, *, lock: bool) -> tuple[int, frozenset[str]]:
    """Find the place of every staged organisation that is not there yet: how many have one, and who stands in a circle.

    Those that are never reached from the top stand in a circle, which goes to ``manifest.problems``.

    :param lock: keep others from opening organisations below the same parents until the transaction ends.
    """
    for statement in _NEW.split(";"):
        session.execute(text(statement))
    session.execute(text("ANALYZE man_new"))
    if lock:
        session.execute(text(_LOCK_PARENTS))
    number = total = _count(session, _TOP, 0)
    step = 0
    while number:
        step += 1
        number = _count(session, _NEXT, step)
        total += number
    session.execute(text("ANALYZE man_place"))
    complete = session.scalar(text("SELECT count(*) FROM man_new")) == total
    return total, frozenset() if complete else _circles(session, manifest)


def _count(session: Session, statement: str, step: int) -> int:
    result = session.execute(text(statement), {"step": step} if step else {})
    return int(result.rowcount)  # type: ignore[attr-defined]


def _circles(session: Session, manifest: Manifest) -> frozenset[str]:
    rows = {code: (parent, file, line) for code, parent, file, line in session.execute(text(_UNREACHED))}
    done: set[str] = set()
    circled: set[str] = set()
    for start in rows:
        trail: dict[str, None] = {}
        code = start
        while code in rows and code not in done and code not in trail:
            trail[code] = None
            code = rows[code][0]
        if code in trail:
            members = list(trail)[list(trail).index(code) :]
            circled.update(members)
            _parent, file, line = rows[members[0]]
            shown = " → ".join([*members[:6], *(["…"] if len(members) > 6 else []), members[0]])
            manifest.problems.add(Where(file, line), lazy("These stand below each other: %(circle)s.", circle=shown))
        done.update(trail)
    return frozenset(circled)
