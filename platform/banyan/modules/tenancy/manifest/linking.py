"""Which links a manifest gives organisations to their parents: kinds that a type may have, names of branch offices."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.kernel.i18n import lazy
from banyan.modules.tenancy import links, territory
from banyan.modules.tenancy.manifest.values import MOST_PROBLEMS, Manifest, Where

# Other links than leadership are few: nearly every manifest is done with this.
_ANY = """
SELECT EXISTS (SELECT 1 FROM man_row WHERE link <> 'leadership')
    OR EXISTS (SELECT 1 FROM org WHERE link <> 'leadership')
"""
_LINKED = """
SELECT f.name AS file, r.line, r.name, r.parent, coalesce(r.link, me.link) AS link, kind.links,
    kind.key IS NULL OR kind.links IS NULL AS unknown,
    coalesce(p.link, o.link, 'leadership') AS parent_link, coalesce(p.name, o.name, '') AS parent_name,
    coalesce(p.short_name, o.short_name, '') AS parent_short
FROM man_row r
LEFT JOIN org me ON me.code = r.code
LEFT JOIN man_row p ON p.code = r.parent AND r.parent <> ''
LEFT JOIN org o ON o.code = r.parent AND r.parent <> ''
LEFT JOIN man_kind kind ON kind.key = r.type
JOIN man_file f ON f.id = r.file
WHERE coalesce(r.link, me.link, 'leadership') <> 'leadership' ORDER BY r.n
"""
_ABSENT = """
SELECT o.code FROM org o JOIN man_kind kind ON kind.key = o.type
WHERE o.link <> 'leadership' AND o.link <> ALL (kind.links)
    AND NOT EXISTS (SELECT 1 FROM man_row r WHERE r.code = o.code)
ORDER BY o.path LIMIT :most
"""
_DIVISIONS = """
SELECT name FROM org WHERE name = ANY (:names) AND division_code <> ''
UNION SELECT name FROM man_row WHERE name = ANY (:names) AND division_code <> ''
"""


def check(session: Session, manifest: Manifest) -> None:
    """Add to ``manifest.problems`` what is wrong with the links of the staged rows and of those they leave behind."""
    if not session.scalar(text(_ANY)):
        return
    rows = session.execute(text(_LINKED)).all()
    offices = [row.name for row in rows if row.link == "branch_office"]
    names = {piece for name in offices for piece in territory.pieces(name or "")}
    found = session.scalars(text(_DIVISIONS), {"names": sorted(names)}) if names else ()
    divisions = territory.known().with_names(frozenset(found))
    for row in rows:
        above = row.parent_link if row.parent else None
        wrong = [] if row.unknown else links.problems(row.link, row.links, above)
        wrong += links.name_problems(row.link, row.name or "", [row.parent_name, row.parent_short], divisions)
        for reason in wrong:
            manifest.problems.add(Where(row.file, row.line), reason)
    if manifest.types:
        for code in session.scalars(text(_ABSENT), {"most": MOST_PROBLEMS}):
            reason = lazy("“%(code)s” has a link to its parent that its type would no longer allow.", code=code)
            manifest.problems.add(manifest.types[0].where, reason)
