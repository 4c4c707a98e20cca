"""Surveys, their answers, and who has answered. All `Scoped`.

Of an anonymous survey nothing ties an answer to who gave it: answers carry neither account nor time, ids that tell no
order, and when the survey is closed they are written anew in random order, so that not even the database's own book
keeping (transaction and place of a row) leads from `SurveyTurnout` to `SurveyAnswer`. Until then nobody sees them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped


class Survey(Identified, Versioned, Scoped, Base):
    """A questionnaire about one thing of another module.

    :ivar host: name of the `SurveyHost`. :ivar host_id: the thing. :ivar questions: see `rules.Question`.
    :ivar anonymous: promised to those who answer; it cannot be changed once the survey is open.
    :ivar state: ``draft``, ``open`` or ``closed``. :ivar closes_on: the last day; None: until somebody closes it.
    """

    __tablename__ = "survey"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),
        Index("ix_survey_host_id", "host_id"),
        Index("ix_survey_created_at_id", "created_at", "id"),
        Index("ix_survey_closes_on", "closes_on", postgresql_where=text("state = 'open' AND closes_on IS NOT NULL")),
    )

    host: Mapped[str] = c_text()
    host_id: Mapped[UUID]
    title: Mapped[str]
    intro: Mapped[str] = mapped_column(default="", server_default="")
    anonymous: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = c_text(default="draft", server_default="draft")
    questions: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    closes_on: Mapped[date | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class SurveyAnswer(Identified, Scoped, Base):
    """What one person answered.

    :ivar account_id: who; None for anonymous surveys and for answers on paper. :ivar channel: ``online`` or ``paper``.
    :ivar answers: key of the question → key of an option, list of keys, number or text.
    """

    __tablename__ = "survey_answer"
    __table_args__ = (
        CheckConstraint("channel IN ('online', 'paper')", name="channel"),
        Index("ix_survey_answer_survey_id_account_id", "survey_id", "account_id", unique=True),
        Index("ix_survey_answer_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
    )

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    channel: Mapped[str] = c_text(default="online", server_default="online")
    answers: Mapped[dict[str, Any]]
    answered_at: Mapped[datetime | None]


class SurveyTurnout(Scoped, Base):
    """That an account has answered, so that it answers once."""

    __tablename__ = "survey_turnout"
    __table_args__ = (Index("ix_survey_turnout_account_id", "account_id"),)

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
