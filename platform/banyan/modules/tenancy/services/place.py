"""Where in the tree: the organisation a URL names, and the names of those above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from banyan.kernel.db.prepared import Prepared
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.tenancy.models import Org


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation with what every page shows of it."""

    id: UUID
    path: str
    code: str
    name: str
    short_name: str
    level: str
    status: str = "active"

    @property
    def active(self) -> bool:
        """Whether it has not been revoked or merged into another one."""
        return self.status == "active"

    @property
    def ref(self) -> OrgRef:
        return OrgRef(self.id, self.path)

    @property
    def shown_name(self) -> str:
        return self.short_name or self.name


_COLUMNS = (Org.id, Org.path, Org.code, Org.name, Org.short_name, Org.level, Org.status)
_BY_CODE = Prepared(select(*_COLUMNS).where(Org.code == bindparam("code")))


def _place(row: Row[UUID, str, str, str, str, str, str]) -> Place:
    return Place(*row)


def by_code(session: Session | Connection, code: str) -> Place | None:
    """The organisation called ``code``, whoever asks; the caller decides whether they may know."""
    found = _BY_CODE.rows(session, {"code": code})
    return Place(*found[0]) if found else None


def joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """``statement`` with the columns of the `Place` that the parameter ``code`` names, empty where there is none."""
    return statement.add_columns(*_COLUMNS).outerjoin(Org, Org.code == bindparam("code", type_=Org.code.type))


def line(session: Session | Connection, path: str) -> list[Place]:
    """The organisation at ``path`` and all above it, root first: names only, for the breadcrumb."""
    rows = session.execute(select(*_COLUMNS).where(Org.path.in_(lineage(path))).order_by(Org.depth)).all()
    return [_place(row) for row in rows]


def by_ids(session: Session | Connection, ids: list[UUID]) -> list[Place]:
    """Organisations by id, in the order of the tree."""
    if not ids:
        return []
    rows = session.execute(select(*_COLUMNS).where(Org.id.in_(ids)).order_by(Org.path)).all()
    return [_place(row) for row in rows]
