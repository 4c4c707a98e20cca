"""Levels and types as readers see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from banyan.modules.tenancy.lists import in_language
from banyan.modules.tenancy.models import Level, OrgType


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level in the reader's language."""

    key: str
    rank: int
    label: str
    mark: str


def levels(session: Session | Connection) -> dict[str, LevelView]:
    """All levels, top first."""
    rows = session.execute(select(Level.key, Level.rank, Level.label, Level.mark).order_by(Level.rank))
    return {key: LevelView(key, rank, in_language(label, key), mark) for key, rank, label, mark in rows}


def type_labels(session: Session | Connection) -> dict[str, str]:
    """Type → what it is called."""
    rows = session.execute(select(OrgType.key, OrgType.label).order_by(OrgType.key))
    return {key: in_language(label, key) for key, label in rows}
