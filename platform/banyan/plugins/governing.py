"""Whose word holds at an organisation: its own and that of the levels that lead it, up to a link of guidance.

Business guidance (业务指导) leaves an organisation its own master: what the upper side lays down for all below it,
modules and settings alike, ends at the link (ORG-12).
"""

from __future__ import annotations

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, any_, bindparam, column, func, select, table
from sqlalchemy.orm import Session

from banyan.kernel.guidance import Guidance, PathColumn
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import OrgRef

_C = Text(collation="C")
_ORG = table("org", column("path", _C), column("link", _C))


def governs(path: PathColumn, org: OrgRef, *, edge: str | None = None) -> ColumnElement[bool]:
    """The predicate of rows whose ``path`` is that of ``org`` or of a level above that leads it.

    :param edge: as if the nearest link of guidance were that of the organisation at this path; empty: as if none were.
    """
    line = lineage(org.path)
    if edge is not None:
        return path.in_([place for place in line if place >= edge])
    above = path.in_(line)
    if len(line) == 1:
        return above
    # The deepest of a line comes last by bytes; the planner asks for it once, by an index of guided places alone.
    nearest = select(func.max(_ORG.c.path)).where(_ORG.c.link == "guidance", _ORG.c.path.in_(line)).scalar_subquery()
    return above & (path >= func.coalesce(nearest, ""))


def governing(path: PathColumn) -> ColumnElement[bool]:
    """`governs` for a select that is compiled once: the parameter ``line`` has the paths down to the organisation."""
    line = bindparam("line", type_=ARRAY(Text))
    nearest = select(func.max(_ORG.c.path)).where(_ORG.c.link == "guidance", _ORG.c.path == any_(line))
    return (path == any_(line)) & (path >= func.coalesce(nearest.scalar_subquery(), ""))


def guidance_below(session: Session | Connection, org: OrgRef) -> Guidance:
    """The links of guidance strictly below ``org``: where what it lays down ends."""
    found = session.execute(
        select(_ORG.c.path).where(_ORG.c.link == "guidance", _ORG.c.path > org.path, _ORG.c.path < upper(org.path))
    )
    return Guidance(row[0] for row in found)
