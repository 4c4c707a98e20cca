"""Times in which the installation is looked after, and emergencies that everybody is told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text


class ServiceWindow(Identified, Versioned, Base):
    """Something that everybody is told of on every page from ``announced_at`` until it is over. A directory table.

    :ivar kind: ``maintenance``, during which writing is refused, or ``emergency``, which only tells.
    :ivar effects: what it means for people, by language; the first language of `LANGUAGES` is always there.
    :ivar ends_at: it ends by itself then. :ivar ended_at: it was ended earlier, or called off.
    :ivar place_path: with ``place_id``, told to that organisation and all below alone; None: to everybody.
    """

    __tablename__ = "service_window"
    __table_args__ = (
        CheckConstraint("kind IN ('maintenance', 'emergency')", name="kind"),
        CheckConstraint("ends_at > begins_at", name="times"),
        CheckConstraint("kind = 'emergency' OR place_id IS NULL", name="everywhere"),
        ForeignKeyConstraint(
            ["place_id", "place_path"], ["org.id", "org.path"], onupdate="CASCADE", name="fk_service_window_place"
        ),
        Index("ix_service_window_open", "ends_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_service_window_place", "place_id", "place_path", postgresql_where=text("place_id IS NOT NULL")),
    )

    kind: Mapped[str] = c_text()
    effects: Mapped[dict[str, Any]]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place_id: Mapped[UUID | None]
    place_path: Mapped[str | None] = mapped_column(Text(collation="C"))
    announced_at: Mapped[datetime]
    announced_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
