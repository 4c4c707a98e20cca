"""What an organisation keeps on record about how it handles personal data (PPL-10)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped


class RegisterEntry(Identified, Versioned, Scoped, Base):
    """Somebody who handles personal data for the organisation, or an assessment of what handling it may do.

    :ivar kind: ``processor`` or ``assessment``. :ivar party: the processor, or who assessed.
    :ivar since: of the contract, or the day of the assessment. :ivar keep_until: not to be deleted before.
    """

    __tablename__ = "privacy_register"
    __table_args__ = (
        CheckConstraint("kind IN ('processor', 'assessment')", name="kind"),
        Index("ix_privacy_register_since_id", "since", "id"),
        Index("ix_privacy_register_document", "document"),
    )

    kind: Mapped[str] = c_text()
    title: Mapped[str]
    party: Mapped[str]
    purpose: Mapped[str]
    categories: Mapped[str]
    measures: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    keep_until: Mapped[date]
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class Breach(Identified, Versioned, Scoped, Base):
    """Personal data was leaked, altered or lost.

    :ivar found_at: from when the deadline counts. :ivar due_at: the authority has to be told by then.
    :ivar tell_people: those concerned have to be told.
    """

    __tablename__ = "privacy_breach"
    __table_args__ = (
        CheckConstraint("closed_at IS NULL OR authority_told_at IS NOT NULL", name="closed"),
        Index("ix_privacy_breach_found_at_id", "found_at", "id"),
        Index("ix_privacy_breach_due_at", "due_at"),
    )

    title: Mapped[str]
    what: Mapped[str]
    categories: Mapped[str]
    people: Mapped[int]
    cause: Mapped[str] = mapped_column(default="", server_default="")
    harm: Mapped[str] = mapped_column(default="", server_default="")
    measures: Mapped[str] = mapped_column(default="", server_default="")
    authority: Mapped[str]
    tell_people: Mapped[bool] = mapped_column(default=True)
    found_at: Mapped[datetime]
    due_at: Mapped[datetime]
    authority_told_at: Mapped[datetime | None]
    people_told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
