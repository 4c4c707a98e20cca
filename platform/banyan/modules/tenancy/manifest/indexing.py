"""Search tokens of organisations that were created or renamed."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.kernel.pinyin import tokens
from banyan.modules.tenancy.manifest.staging import driver

# Two adjacent characters of the name, two adjacent initials. Sorted, so that the one big index grows at its end.
_CREATED = """
INSERT INTO org_token (token, org_path, org_id)
SELECT DISTINCT token, path, id FROM (
    SELECT substr(r.plain, i, 2) AS token, p.path, p.id
    FROM man_place p JOIN man_row r ON r.n = p.n CROSS JOIN generate_series(1, length(r.plain) - 1) AS i
    UNION ALL
    SELECT substr(r.initials, i, 2), p.path, p.id
    FROM man_place p JOIN man_row r ON r.n = p.n CROSS JOIN generate_series(1, length(r.initials) - 1) AS i
) AS cut ORDER BY token, path, id
"""


def index(session: Session) -> int:
    """Write the tokens of new organisations, and mend those of renamed ones; returns how many were written."""
    written = session.execute(text(_CREATED))
    return int(written.rowcount) + _renamed(session)  # type: ignore[attr-defined]


def _renamed(session: Session) -> int:
    statement = "SELECT id, path, old_name, name FROM man_change WHERE name <> old_name"
    session.execute(
        text(
            'CREATE TEMPORARY TABLE man_token (token text COLLATE "C", path text COLLATE "C", id uuid, gone boolean)'
            " ON COMMIT DROP"
        )
    )
    renamed = session.execute(text(statement)).all()
    with driver(session).cursor() as cursor, cursor.copy("COPY man_token FROM STDIN") as copy:
        for identity, path, before, after in renamed:
            old, new = tokens(before), tokens(after)
            for token in old - new:
                copy.write_row((token, path, identity, True))
            for token in new - old:
                copy.write_row((token, path, identity, False))
    session.execute(
        text(
            "DELETE FROM org_token t USING man_token m"
            " WHERE m.gone AND t.token = m.token AND t.org_path = m.path AND t.org_id = m.id"
        )
    )
    written = session.execute(
        text(
            "INSERT INTO org_token (token, org_path, org_id) SELECT token, path, id FROM man_token WHERE NOT gone"
            " ON CONFLICT DO NOTHING"
        )
    )
    return int(written.rowcount)  # type: ignore[attr-defined]
