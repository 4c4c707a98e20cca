"""Campaigns to clean up the registry, or to register everybody anew each year, and what branches answered (PPL-08, 09).

A campaign makes no row for anybody: whoever was admitted before it opened and is a member is to be confirmed, and only
answers are kept. They follow their member by foreign key, wherever a transfer or a moved organisation takes it; a
trigger sets them aside while the member is none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Published


class Campaign(Identified, Versioned, Published, Base):
    """What an organisation asks of all branches below, by a date; they read it, row security lets it down.

    :ivar kind: ``cleanup`` against the joining dossier, or ``registration`` of the year. :ivar asked: names of the
        fields to be confirmed. :ivar opened_on: who was admitted until then is to be confirmed. :ivar figures: as it
        was closed.
    :ivar reminded_on: branches were reminded. :ivar told_on: the levels above were told of what is overdue.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("kind IN ('cleanup', 'registration')", name="kind"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("due_on >= opened_on", name="days"),
        Index("ix_campaign_opened_on_id", "opened_on", "id"),
        Index("ix_campaign_open", "due_on", "id", postgresql_where=text("state = 'open'")),
    )

    kind: Mapped[str] = c_text()
    title: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    asked: Mapped[list[Any]] = mapped_column(default=list)
    opened_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = c_text(default="open", server_default="open")
    closing_note: Mapped[str] = mapped_column(default="", server_default="")
    figures: Mapped[list[Any]] = mapped_column(default=list)
    opened_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    reminded_on: Mapped[date | None]
    told_on: Mapped[date | None]


class CampaignAnswer(Versioned, Base):
    """What a branch says of a member in a campaign.

    :ivar answer: ``confirmed``, ``corrected``, ``doubtful`` or ``absent`` (not found here). :ivar gone: the member is
        none any more; kept by the trigger ``member_campaign_answers``.
    """

    __tablename__ = "campaign_answer"
    __table_args__ = (
        CheckConstraint("answer IN ('confirmed', 'corrected', 'doubtful', 'absent')", name="answer"),
        ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            onupdate="CASCADE",
            ondelete="CASCADE",
            name="fk_campaign_answer_member",
        ),
        Index("ix_campaign_answer_place", "campaign_id", "org_path", "answer", postgresql_where=text("NOT gone")),
        Index("ix_campaign_answer_member_id", "member_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_path: Mapped[str] = c_text()
    answer: Mapped[str] = c_text()
    reason: Mapped[str] = mapped_column(default="", server_default="")
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime]


class AgeException(Identified, Base):
    """A member who stays beyond the age at which members leave, for a reason, until a day (PPL-09)."""

    __tablename__ = "age_exception"
    __table_args__ = (
        ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            onupdate="CASCADE",
            ondelete="CASCADE",
            name="fk_age_exception_member",
        ),
        Index("uq_age_exception_member_id", "member_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_age_exception_member", "member_id"),
        Index("ix_age_exception_org_path", "org_path"),
    )

    member_id: Mapped[UUID]
    org_path: Mapped[str] = c_text()
    reason: Mapped[str]
    until: Mapped[date]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
