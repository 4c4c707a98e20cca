"""Looking at all rows of a staged manifest together, and at what is in the tree already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from banyan.kernel.i18n import lazy
from banyan.modules.tenancy import rules
from banyan.modules.tenancy.manifest import linking
from banyan.modules.tenancy.manifest.values import MOST_PROBLEMS, Manifest, Where

# What will hold: the manifest's definitions over those that are there. Broken ones are known, and allow everything.
_DEFINITIONS = """
CREATE TEMPORARY TABLE man_rank ON COMMIT DROP AS
    SELECT key, rank FROM man_level
    UNION ALL SELECT key, rank FROM org_level WHERE key NOT IN (SELECT key FROM man_level);
CREATE TEMPORARY TABLE man_kind ON COMMIT DROP AS
    SELECT key, root, ARRAY(SELECT jsonb_array_elements_text(parents)) AS parents,
        ARRAY(SELECT jsonb_array_elements_text(links)) AS links FROM (
        SELECT key, root, parents, links FROM man_type
        UNION ALL SELECT key, root, parents, links FROM org_type WHERE key NOT IN (SELECT key FROM man_type)
    ) AS merged;
CREATE TEMPORARY TABLE man_twice ON COMMIT DROP AS
    SELECT r.n, twice.first FROM man_row r JOIN (
        SELECT code, min(n) AS first FROM man_row WHERE code <> '' GROUP BY code HAVING count(*) > 1
    ) AS twice ON twice.code = r.code WHERE r.n > twice.first
"""

_TWICE = """
SELECT f.name, r.line, r.code, ff.name AS first_file, fr.line AS first_line
FROM man_twice t JOIN man_row r ON r.n = t.n JOIN man_row fr ON fr.n = t.first
JOIN man_file f ON f.id = r.file JOIN man_file ff ON ff.id = fr.file ORDER BY r.n LIMIT :most
"""

_MISPLACED = """
SELECT f.name, r.line, r.code, r.parent, r.level, r.type,
    coalesce(p.level, o.level) AS parent_level, coalesce(p.type, o.type) AS parent_type,
    me.id IS NOT NULL AND me.parent_id IS DISTINCT FROM o.id AS moved,
    r.parent <> '' AND p.code IS NULL AND o.code IS NULL AS unknown,
    me.id IS NULL AND coalesce(o.status, 'active') <> 'active' AS revoked
FROM man_row r
LEFT JOIN man_row p ON p.code = r.parent AND r.parent <> ''
LEFT JOIN org o ON o.code = r.parent AND r.parent <> ''
LEFT JOIN org me ON me.code = r.code
LEFT JOIN man_rank rank ON rank.key = r.level
LEFT JOIN man_rank above ON above.key = coalesce(p.level, o.level)
LEFT JOIN man_kind kind ON kind.key = r.type
JOIN man_file f ON f.id = r.file
WHERE me.id IS NOT NULL AND me.parent_id IS DISTINCT FROM o.id
    OR r.parent <> '' AND p.code IS NULL AND o.code IS NULL
    OR me.id IS NULL AND o.status <> 'active'
    OR rank.key IS NULL OR above.rank >= rank.rank
    OR kind.key IS NULL OR r.parent = '' AND NOT kind.root
    OR r.parent <> '' AND cardinality(kind.parents) > 0 AND coalesce(p.type, o.type) <> ALL (kind.parents)
ORDER BY r.n LIMIT :most
"""

# Organisations that the manifest does not name, below something whose level, type or definition it changes.
_BELOW = """
SELECT o.code, o.level, o.type, f.name, r.line,
    coalesce(r.level, parent.level) AS parent_level, coalesce(r.type, parent.type) AS parent_type
FROM org o JOIN org parent ON parent.id = o.parent_id
LEFT JOIN man_row r ON r.code = parent.code LEFT JOIN man_file f ON f.id = r.file
LEFT JOIN man_rank rank ON rank.key = o.level LEFT JOIN man_rank above ON above.key = coalesce(r.level, parent.level)
LEFT JOIN man_kind kind ON kind.key = o.type
WHERE NOT EXISTS (SELECT 1 FROM man_row own WHERE own.code = o.code)
    AND (above.rank >= rank.rank
        OR cardinality(kind.parents) > 0 AND coalesce(r.type, parent.type) <> ALL (kind.parents))
ORDER BY o.path LIMIT :most
"""

_REDEFINED = """
SELECT EXISTS (SELECT 1 FROM man_level m JOIN org_level l USING (key) WHERE m.rank <> l.rank)
    OR EXISTS (SELECT 1 FROM man_type m JOIN org_type t USING (key) WHERE m.parents <> t.parents OR m.root <> t.root)
    OR EXISTS (SELECT 1 FROM man_row r JOIN org o USING (code) WHERE r.level <> o.level OR r.type <> o.type)
"""


def define(session: Session, manifest: Manifest) -> None:
    """Lay out the definitions that will hold; add what is wrong with them, and codes that are there twice."""
    for statement in _DEFINITIONS.split(";"):
        session.execute(text(statement))
    _know_broken(session, manifest)
    session.execute(text("ANALYZE man_rank, man_kind, man_twice"))
    _definitions(session, manifest)
    for row in _some(session, _TWICE):
        values = {"code": row.code, "first": Where(row.first_file, row.first_line)}
        reason = lazy("The code “%(code)s” is used already in %(first)s.", **values)
        manifest.problems.add(Where(row.name, row.line), reason)


def check(session: Session, manifest: Manifest, circled: frozenset[str]) -> None:
    """Add to ``manifest.problems`` what is wrong with the staged rows among themselves and with the tree.

    :param circled: codes of rows that stand in a circle, whose levels tell nothing.
    """
    _rows(session, manifest, circled)
    linking.check(session, manifest)
    if session.scalar(text(_REDEFINED)):
        _below(session, manifest)
    _accounts(session, manifest)


def _some(session: Session, statement: str) -> Iterator[Row[Any]]:
    return iter(session.execute(text(statement), {"most": MOST_PROBLEMS + 1}).all())


def _know_broken(session: Session, manifest: Manifest) -> None:
    insert_rank = "INSERT INTO man_rank SELECT :key, NULL WHERE NOT EXISTS (SELECT 1 FROM man_rank WHERE key = :key)"
    insert_kind = "INSERT INTO man_kind SELECT :key, true, CAST(ARRAY[] AS text[]), CAST(NULL AS text[])"
    for key in manifest.level_keys:
        session.execute(text(insert_rank), {"key": key})
    for key in manifest.type_keys:
        condition = " WHERE NOT EXISTS (SELECT 1 FROM man_kind WHERE key = :key)"
        session.execute(text(insert_kind + condition), {"key": key})


def _definitions(session: Session, manifest: Manifest) -> None:
    known = {key for (key,) in session.execute(text("SELECT key FROM man_kind"))}
    for kind in manifest.types:
        for parent in kind.parents:
            if parent not in known:
                manifest.problems.add(kind.where, lazy("There is no type “%(key)s”.", key=parent))
    clashes = session.execute(
        text(
            "SELECT m.file, m.line, m.rank, l.key FROM man_level m JOIN org_level l ON l.rank = m.rank"
            " WHERE l.key NOT IN (SELECT key FROM man_level)"
        )
    )
    for file, line, rank, key in clashes:
        reason = lazy("The level “%(key)s” has the rank %(rank)s already.", key=key, rank=rank)
        manifest.problems.add(Where(file, line), reason)


def _rows(session: Session, manifest: Manifest, circled: frozenset[str]) -> None:
    ranks = {key: rank for key, rank in session.execute(text("SELECT key, rank FROM man_rank")) if rank is not None}
    kinds = {
        key: rules.Kind(key, tuple(parents), root)
        for key, parents, root in session.execute(text("SELECT key, parents, root FROM man_kind"))
    }
    add = manifest.problems.add
    for row in _some(session, _MISPLACED):
        where = Where(row.name, row.line)
        if row.moved:
            values = {"code": row.code, "parent": row.parent}
            add(where, lazy("“%(code)s” stands elsewhere. A manifest moves nothing; use “move” for that.", **values))
            continue
        if row.unknown and row.parent not in manifest.codes:
            add(where, lazy("There is no organisation “%(code)s” to stand below.", code=row.parent))
        if row.revoked:
            add(where, lazy("“%(code)s”, the organisation above, has been revoked.", code=row.parent))
        if row.level and row.level not in manifest.level_keys | ranks.keys():
            add(where, lazy("There is no level “%(key)s”.", key=row.level))
        if row.type and row.type not in kinds:
            add(where, lazy("There is no type “%(key)s”.", key=row.type))
        if row.unknown or row.code in circled or row.level not in ranks or row.type not in kinds:
            continue
        level, kind = (row.parent_level, row.parent_type) if row.parent else (None, None)
        for reasons in rules.misplaced(row.level, row.type, level, kind, ranks, kinds).values():
            for reason in reasons:
                add(where, reason)


def _below(session: Session, manifest: Manifest) -> None:
    for row in _some(session, _BELOW):
        where = Where(row.name, row.line) if row.name else _defined(manifest)
        reason = lazy("“%(code)s”, which stands below, would no longer fit there by its level or type.", code=row.code)
        manifest.problems.add(where, reason)


def _defined(manifest: Manifest) -> Where:
    places = [level.where for level in manifest.levels] + [kind.where for kind in manifest.types]
    return places[0] if places else Where(manifest.path.name, 1)


def _accounts(session: Session, manifest: Manifest) -> None:
    wanted = {entry.organisation: entry.where for entry in manifest.accounts}
    for entry in manifest.accounts:
        wanted |= {grant.organisation: grant.where for grant in entry.grants}
    found = session.scalars(
        text("SELECT code FROM man_row WHERE code = ANY(:codes) UNION SELECT code FROM org WHERE code = ANY(:codes)"),
        {"codes": list(wanted)},
    )
    for code in wanted.keys() - set(found) - manifest.codes:
        manifest.problems.add(wanted[code], lazy("There is no organisation “%(code)s”.", code=code))
