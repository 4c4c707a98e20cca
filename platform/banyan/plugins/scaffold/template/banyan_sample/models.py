"""The table of notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from banyan.sdk import Base, Identified, Scoped, Versioned, c_text
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped


class Note(Identified, Versioned, Scoped, Base):
    """A note. It belongs to an organisation, and only who may read there can see it (`Scoped`).

    :ivar event_id: the event that it was written for.
    """

    __tablename__ = "sample_note"
    __table_args__ = (
        UniqueConstraint("event_id", name="uq_sample_note_event_id"),
        # <search>
        Index("ix_sample_note_text", "text"),
        # </search>
        Index("ix_sample_note_written_at_id", "written_at", "id"),
        # <privacy>
        Index("ix_sample_note_person_id", "person_id"),
        # </privacy>
    )

    # By bytes, so that an index finds how notes begin.
    text: Mapped[str] = c_text()
    # <privacy>
    person_id: Mapped[UUID | None]
    # </privacy>
    event_id: Mapped[UUID | None]
    written_by: Mapped[UUID | None]
    written_at: Mapped[datetime]
