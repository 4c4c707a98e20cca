"""Does the tree agree with itself? `banyan tree check` tells every disagreement, `tree repair` mends what can be.

The database keeps most of this by itself; what is looked for here comes from hands that wrote past the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Table, inspect, select, text
from sqlalchemy.orm import Session

from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.pinyin import initials, normalised, sort_name
from banyan.modules.tenancy.manifest.sql import base36
from banyan.modules.tenancy.models import Org

MOST = 200
WORK_MEM = "128MB"
_PART = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement.

    :ivar check: which check found it. :ivar where: code or path of the organisation.
    :ivar repairable: `repair` mends it; the others need a decision of people.
    """

    check: str
    where: str
    detail: str
    repairable: bool


# Asked with a session over everything: figures are counted by a module above this one.
Recount = Callable[[Session], Sequence[Finding]]

_RIGHT = f"coalesce(p.path, '') || {base36('o.ordinal')} || '.'"
_PATHS = f"""
SELECT o.code, o.path || ' instead of ' || {_RIGHT} FROM org o LEFT JOIN org p ON p.id = o.parent_id
WHERE o.path <> {_RIGHT} ORDER BY o.path LIMIT :most
"""  # noqa: S608 - built of our own expressions
_DEPTHS = """
SELECT o.code, o.depth || ' instead of ' || coalesce(p.depth, 0) + 1 FROM org o LEFT JOIN org p ON p.id = o.parent_id
WHERE o.depth <> coalesce(p.depth, 0) + 1 ORDER BY o.path LIMIT :most
"""
_ORDINALS = """
SELECT p.code, p.last_ordinal || ' instead of at least ' || max(o.ordinal) FROM org o JOIN org p ON p.id = o.parent_id
GROUP BY p.id HAVING max(o.ordinal) > p.last_ordinal ORDER BY p.path LIMIT :most
"""
_SIBLINGS = """
SELECT string_agg(code, ', ' ORDER BY code), 'share the ordinal ' || ordinal FROM org
GROUP BY parent_id, ordinal HAVING count(*) > 1 LIMIT :most
"""
_LEVELS = """
SELECT o.code, o.level || ' below ' || p.level FROM org o JOIN org p ON p.id = o.parent_id
JOIN org_level l ON l.key = o.level JOIN org_level pl ON pl.key = p.level
WHERE l.rank <= pl.rank ORDER BY o.path LIMIT :most
"""
_TYPES = """
SELECT o.code, o.type || ' below ' || coalesce(p.type, 'nothing') FROM org o JOIN org_type t ON t.key = o.type
LEFT JOIN org p ON p.id = o.parent_id
WHERE p.id IS NULL AND NOT t.root
    OR p.id IS NOT NULL AND jsonb_array_length(t.parents) > 0 AND NOT t.parents @> to_jsonb(p.type)
ORDER BY o.path LIMIT :most
"""
# EXCEPT, because the planner knows nothing of a recursion's size and would look up each organisation in all of it.
_CIRCLES = """
WITH RECURSIVE reached AS (
    SELECT id, code FROM org WHERE parent_id IS NULL
    UNION ALL SELECT o.id, o.code FROM org o JOIN reached r ON o.parent_id = r.id
)
SELECT code, 'is not reached from any root' FROM (SELECT code FROM org EXCEPT SELECT code FROM reached) AS lost
ORDER BY code LIMIT :most
"""
# Nothing lives below what has ended, and what was merged names what it went into.
_ENDED = """
SELECT o.code, 'is active below ' || p.code || ', which is ' || p.status FROM org o JOIN org p ON p.id = o.parent_id
WHERE o.status = 'active' AND p.status <> 'active' ORDER BY o.path LIMIT :most
"""
_SUCCESSORS = """
SELECT o.code, CASE WHEN o.status = 'merged' THEN 'was merged into nothing that is known'
    ELSE 'names a successor and is ' || o.status END
FROM org o WHERE (o.status = 'merged') <> (o.successor_id IS NOT NULL) ORDER BY o.path LIMIT :most
"""
_DECISIONS = """
SELECT o.code, 'has a decision to revoke it open and is ' || o.status
FROM org o JOIN org_revocation r ON r.org_id = o.id
WHERE o.status <> 'active' AND r.done_on IS NULL AND r.withdrawn_at IS NULL ORDER BY o.path LIMIT :most
"""
_CHECKS = (
    ("path", _PATHS, True),
    ("depth", _DEPTHS, True),
    ("last ordinal", _ORDINALS, True),
    ("siblings", _SIBLINGS, False),
    ("level", _LEVELS, False),
    ("type", _TYPES, False),
    ("circle", _CIRCLES, False),
    ("ended", _ENDED, False),
    ("successor", _SUCCESSORS, False),
    ("decision", _DECISIONS, False),
)
_FORMS = (
    'CREATE TEMPORARY TABLE tree_form (id uuid, path text COLLATE "C", sort_name text COLLATE "C",'
    ' plain text COLLATE "C", initials text COLLATE "C") ON COMMIT DROP'
)
_EXPECTED = """
CREATE TEMPORARY TABLE tree_token ON COMMIT DROP AS
SELECT DISTINCT token, path, id FROM (
    SELECT substr(plain, i, 2) AS token, path, id FROM tree_form CROSS JOIN generate_series(1, length(plain) - 1) AS i
    UNION ALL
    SELECT substr(initials, i, 2), path, id FROM tree_form CROSS JOIN generate_series(1, length(initials) - 1) AS i
) AS cut
"""
_MISSING_TOKENS = """
SELECT e.token, e.path, e.id FROM tree_token e WHERE NOT EXISTS (
    SELECT 1 FROM org_token t WHERE t.token = e.token AND t.org_path = e.path AND t.org_id = e.id)
"""
_SURPLUS_TOKENS = """
SELECT t.token, t.org_path, t.org_id FROM org_token t WHERE NOT EXISTS (
    SELECT 1 FROM tree_token e WHERE e.token = t.token AND e.path = t.org_path AND e.id = t.org_id)
"""


def check(session: Session, recount: Recount | None = None) -> list[Finding]:
    """Every disagreement, at most `MOST` of each kind.

    :param session: over everything. :param recount: compares figures with their source.
    """
    _make_room(session)
    found = [
        Finding(name, str(where), str(detail), repairable)
        for name, statement, repairable in _CHECKS
        for where, detail in session.execute(text(statement), {"most": MOST})
    ]
    found += _names(session)
    there = set(inspect(session.connection()).get_table_names())  # a plugin may not have been migrated yet
    for table in copies():
        if table in there:
            found += _copies(session, table)
    if recount is not None:
        found += recount(session)
    return found


def _make_room(session: Session) -> None:
    """Memory for sorting and hashing whole tables, until the transaction ends."""
    session.execute(text("SELECT set_config('work_mem', :size, true)"), {"size": WORK_MEM})


def copies() -> list[str]:
    """Tables that repeat id and path of an organisation, plugins' too."""
    mappers = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, OrgPair))
    return sorted({str(mapper.local_table.name) for mapper in mappers if isinstance(mapper.local_table, Table)})


def _copies(session: Session, table: str) -> Iterator[Finding]:
    statement = (
        f"SELECT DISTINCT c.org_path FROM {table} c WHERE NOT EXISTS ("  # noqa: S608 - a table of ours
        "SELECT 1 FROM org o WHERE o.id = c.org_id AND o.path = c.org_path) LIMIT :most"
    )
    for (path,) in session.execute(text(statement), {"most": MOST}):
        yield Finding("copy", path, f"{table} names an organisation that is not there", False)


def _names(session: Session) -> list[Finding]:
    """Sort names and search tokens against the names."""
    _load_forms(session)
    wrong = session.execute(
        text(
            "SELECT o.code, o.sort_name || ' instead of ' || f.sort_name FROM org o JOIN tree_form f ON f.id = o.id"
            " WHERE o.sort_name <> f.sort_name ORDER BY o.path LIMIT :most"
        ),
        {"most": MOST},
    )
    found = [Finding("sort name", code, detail, True) for code, detail in wrong]
    for name, statement in (("missing", _MISSING_TOKENS), ("surplus", _SURPLUS_TOKENS)):
        rows = session.execute(text(statement + " LIMIT :most"), {"most": MOST})
        found += [Finding("token", path, f"{name} token {token}", True) for token, path, _identity in rows]
    return found


def _load_forms(session: Session) -> None:
    """What names are sorted and found by, as this code reads them, in a temporary table."""
    for table in ("tree_token", "tree_form"):
        session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{table}"))
    session.execute(text(_FORMS))
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    last = ""
    while rows := _part(session, last):
        last = rows[-1][1]
        with connection.cursor() as cursor, cursor.copy("COPY tree_form FROM STDIN") as copy:
            for identity, path, name in rows:
                key = sort_name(name)
                copy.write_row((identity, path, key, normalised(name), initials(key)))
    session.execute(text(_EXPECTED))
    session.execute(text("ANALYZE tree_form, tree_token"))


def _part(session: Session, last: str) -> Sequence[Any]:
    statement = select(Org.id, Org.path, Org.name).where(Org.path > last).order_by(Org.path).limit(_PART)
    return session.execute(statement).all()


# ---- mending

_FIX_ORDINALS = """
UPDATE org p SET last_ordinal = c.last
FROM (SELECT parent_id, max(ordinal) AS last FROM org WHERE parent_id IS NOT NULL GROUP BY parent_id) AS c
WHERE c.parent_id = p.id AND p.last_ordinal < c.last
"""
_TREE = f"""
CREATE TEMPORARY TABLE tree_place ON COMMIT DROP AS
WITH RECURSIVE right_tree AS (
    SELECT o.id, {base36("o.ordinal")} || '.' AS path, CAST(1 AS bigint) AS depth FROM org o WHERE o.parent_id IS NULL
    UNION ALL
    SELECT o.id, r.path || {base36("o.ordinal")} || '.', r.depth + 1 FROM org o JOIN right_tree r ON o.parent_id = r.id
)
SELECT r.id, r.path, r.depth FROM right_tree r JOIN org o ON o.id = r.id WHERE o.path <> r.path OR o.depth <> r.depth
"""  # noqa: S608
# Paths are unique: wrong ones first step aside. Every table that repeats them follows by its foreign key.
_STEP_ASIDE = "UPDATE org o SET path = '~' || CAST(o.id AS text) FROM tree_place t WHERE t.id = o.id"
_STEP_IN = "UPDATE org o SET path = t.path, depth = t.depth FROM tree_place t WHERE t.id = o.id"
_MEND_NAMES = (
    "UPDATE org o SET sort_name = f.sort_name FROM tree_form f WHERE f.id = o.id AND o.sort_name <> f.sort_name",
    "DELETE FROM org_token t USING ("  # noqa: S608 - the statement above
    + _SURPLUS_TOKENS
    + ") AS s WHERE t.token = s.token AND t.org_path = s.org_path AND t.org_id = s.org_id",
    "INSERT INTO org_token (token, org_path, org_id) " + _MISSING_TOKENS,
)


def repair(session: Session, figures: Callable[[Session], int] | None = None) -> dict[str, int]:
    """Mend what can be: paths, depths, ordinals, sort names, tokens, figures; returns rows written by kind.

    The caller commits. Siblings with one ordinal keep it: which of them is to go where is for people to say.

    :param session: over everything, as the role that owns the tables. :param figures: mends figures.
    """
    _make_room(session)
    mended = {"last ordinal": _rows(session, _FIX_ORDINALS)}
    twice = session.execute(text(_SIBLINGS), {"most": 1}).first()
    session.execute(text(_TREE))
    if twice is None:
        _rows(session, _STEP_ASIDE)
        mended["path"] = _rows(session, _STEP_IN)
    session.expire_all()
    _load_forms(session)
    mended["name"] = sum(_rows(session, statement) for statement in _MEND_NAMES)
    if figures is not None:
        mended["figure"] = figures(session)
    return {kind: number for kind, number in mended.items() if number}


def _rows(session: Session, statement: str) -> int:
    return int(session.execute(text(statement)).rowcount)  # type: ignore[attr-defined]
