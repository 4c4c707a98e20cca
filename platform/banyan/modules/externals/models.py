"""External bodies, filings and replies. All `Scoped`; nothing is ever deleted: bodies end, filings are replied to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped

NEVER = date(9999, 12, 31)


class ExternalBody(Identified, Versioned, Scoped, Base):
    """A body outside the tree that an organisation answers to, from one day to another.

    :ivar kind: ``sponsor``, ``registration`` or ``party``. :ivar until: the last day, None while it lasts.
    """

    __tablename__ = "external_body"
    __table_args__ = (
        CheckConstraint("kind IN ('sponsor', 'registration', 'party')", name="kind"),
        CheckConstraint("until IS NULL OR until >= since", name="days"),
        Index("ix_external_body_since_id", "since", "id"),
    )

    kind: Mapped[str] = c_text()
    name: Mapped[str]
    contact: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    since: Mapped[date]
    until: Mapped[date | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class ExternalFiling(Identified, Versioned, Scoped, Base):
    """Something filed with an external body.

    :ivar reference: number of the paper that went out. :ivar due_on: the last day for a reply; None: no reply is due.
    :ivar due_order: the same for sorting, `NEVER` without. :ivar provisional: holidays on the way may still change it.
    :ivar outcome: ``waiting``, or that of the last reply. :ivar corrects: the filing that was returned for correction.
    """

    __tablename__ = "external_filing"
    __table_args__ = (
        CheckConstraint("outcome IN ('waiting', 'acknowledged', 'returned', 'refused')", name="outcome"),
        Index("ix_external_filing_sent_on_id", "sent_on", "id"),
        Index("ix_external_filing_waiting", "due_order", "id", postgresql_where=text("outcome = 'waiting'")),
        Index("ix_external_filing_body_id", "body_id"),
        Index("ix_external_filing_document", "document"),
        Index("ix_external_filing_corrects", "corrects", unique=True),
    )

    body_id: Mapped[UUID] = mapped_column(ForeignKey("external_body.id"))
    subject: Mapped[str]
    sent_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    due_days: Mapped[int | None]
    due_on: Mapped[date | None]
    due_order: Mapped[date]
    provisional: Mapped[bool] = mapped_column(default=False)
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    outcome: Mapped[str] = c_text(default="waiting", server_default="waiting")
    corrects: Mapped[UUID | None] = mapped_column(ForeignKey("external_filing.id"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class ExternalReply(Identified, Scoped, Base):
    """What the external body replied.

    :ivar outcome: ``acknowledged``, ``returned`` for correction, or ``refused``.
    """

    __tablename__ = "external_reply"
    __table_args__ = (
        CheckConstraint("outcome IN ('acknowledged', 'returned', 'refused')", name="outcome"),
        Index("ix_external_reply_filing_id", "filing_id", unique=True),
        Index("ix_external_reply_document", "document"),
    )

    filing_id: Mapped[UUID] = mapped_column(ForeignKey("external_filing.id"))
    received_on: Mapped[date]
    outcome: Mapped[str] = c_text()
    reference: Mapped[str] = mapped_column(default="", server_default="")
    note: Mapped[str] = mapped_column(default="", server_default="")
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
