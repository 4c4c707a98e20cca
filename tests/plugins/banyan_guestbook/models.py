"""The book."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from banyan.sdk import Base, Identified, Scoped


class Entry(Identified, Scoped, Base):
    """A line in the book.

    :ivar event_id: of the event it was written for; an event that comes twice is written once.
    """

    __tablename__ = "guestbook_entry"
    __table_args__ = (UniqueConstraint("event_id", name="uq_guestbook_entry_event_id"),)

    text: Mapped[str]
    event_id: Mapped[UUID | None]
    written_at: Mapped[datetime]
