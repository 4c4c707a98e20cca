"""Requests, where they wait, what was done with them, and who stands in for whom.

A request belongs to several organisations: one `ApprovalParty` row per side lets that side see it under row security
(migration ``core_…_approvals``), with its history and files. `ApprovalDesk` and `ApprovalDelegation` are directory
tables: what waits for somebody is looked for at all organisations where they work, before any scope is known, and who
takes a request back clears the desk of an organisation above. Every list over them names its reader.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.values import OrgRef


class ApprovalRequest(Identified, Versioned, OrgPair, Base):
    """A request; its organisation is the side that asks.

    :ivar sides: name of each side → id of its organisation. :ivar step: number of the step it is at, from 0.
    :ivar round: grows each time it is sent again. :ivar sent_by: who sent it last.
    :ivar details: label (msgid) and value, as the panel shows them. :ivar data: what the module gets back.
    :ivar partly: approved, but for some of its parts.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'returned', 'approved', 'rejected', 'withdrawn')", name="state"),
        Index("ix_approval_request_asked_by_asked_at_id", "asked_by", "asked_at", "id"),
        Index("ix_approval_request_asked_at_id", "asked_at", "id"),
        Index("ix_approval_request_flow_subject_id_id", "flow", "subject_id", "id"),
    )

    flow: Mapped[str] = c_text()
    subject_type: Mapped[str] = c_text()
    subject_id: Mapped[str] = c_text()
    title: Mapped[str]
    sides: Mapped[dict[str, Any]]
    details: Mapped[list[Any]]
    data: Mapped[dict[str, Any]]
    state: Mapped[str] = c_text(default="open")
    partly: Mapped[bool] = mapped_column(default=False)
    step: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    sent_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]


class ApprovalParty(OrgPair, Base):
    """An organisation that a request concerns: a side named by the module, or one that decides. Only added to."""

    __tablename__ = "approval_party"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_request.id"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    side: Mapped[str] = c_text(primary_key=True)


class ApprovalDesk(Identified, OrgPair, Base):
    """Where an open request waits: the organisation that decides its present step, and since when. Gone once decided.

    :ivar above_id: with ``above_path``, an organisation above that may decide as well: the deadline is over, or nobody
        at the deciding organisation can.
    :ivar due_on: last day; ``due_at`` is the instant at which it is over. :ivar provisional: it may still move.
    :ivar remind_at: from when on it is pressing. :ivar overdue_at: when the lateness was noted.
    """

    __tablename__ = "approval_desk"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (
        ForeignKeyConstraint(
            ["above_id", "above_path"], ["org.id", "org.path"], onupdate="CASCADE", name="fk_approval_desk_above"
        ),
        Index("ix_approval_desk_org_id_due_at_id", "org_id", "due_at", "id"),
        Index("ix_approval_desk_above_id", "above_id", "above_path", postgresql_where=text("above_id IS NOT NULL")),
        Index("ix_approval_desk_asked_by_due_at", "asked_by", "due_at"),
        Index("ix_approval_desk_remind_at", "remind_at", postgresql_where=text("reminded_at IS NULL")),
        Index("ix_approval_desk_due_at", "due_at", postgresql_where=text("overdue_at IS NULL")),
    )

    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_request.id"), unique=True)
    flow: Mapped[str] = c_text()
    step: Mapped[str] = c_text()
    permission: Mapped[str] = c_text()
    title: Mapped[str]
    asking_id: Mapped[UUID] = mapped_column(ForeignKey("org.id"))
    asked_by: Mapped[UUID | None]
    sent_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    provisional: Mapped[bool]
    remind_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    above_id: Mapped[UUID | None]
    above_path: Mapped[str | None] = mapped_column(Text(collation="C"))

    @property
    def places(self) -> tuple[OrgRef, ...]:
        """Where it may be decided."""
        above = OrgRef(self.above_id, self.above_path) if self.above_id and self.above_path else None
        return (self.org, above) if above else (self.org,)


class ApprovalEntry(Identified, Base):
    """A line of a request's history. Append-only: the application may not change or delete it.

    :ivar number: 1, 2, 3 … within the request, without gaps. :ivar org_id: for which organisation it was decided.
    :ivar behalf_id: for whom a deputy acted. :ivar explanation: why it was late.
    :ivar pieces: the parts of the request with the answer to each: key, label, whether agreed, reason.
    """

    __tablename__ = "approval_entry"
    __table_args__ = (
        Index("uq_approval_entry_request_id_number", "request_id", "number", unique=True),
        Index("ix_approval_entry_account_id_request_id", "account_id", "request_id"),
    )

    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_request.id"))
    number: Mapped[int]
    round: Mapped[int]
    at: Mapped[datetime]
    act: Mapped[str] = c_text()
    step: Mapped[str] = c_text(default="")
    org_id: Mapped[UUID | None] = mapped_column(ForeignKey("org.id"))
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = mapped_column(default="")
    behalf_id: Mapped[UUID | None]
    behalf_name: Mapped[str] = mapped_column(default="")
    opinion: Mapped[str] = mapped_column(default="")
    explanation: Mapped[str] = mapped_column(default="")
    late: Mapped[bool] = mapped_column(default=False)
    pieces: Mapped[list[Any]] = mapped_column(default=list)


class ApprovalFile(Identified, Base):
    """A file handed in with a request. What is needed to serve it stands here: sides cannot see each other's files."""

    __tablename__ = "approval_file"
    __table_args__ = (Index("ix_approval_file_request_id", "request_id"),)

    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_request.id"))
    round: Mapped[int]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("stored_file.id"), index=True)
    key: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    extension: Mapped[str]
    size: Mapped[int]
    created_at: Mapped[datetime]


class ApprovalDelegation(Identified, Versioned, OrgPair, Base):
    """Somebody stands in at an organisation for a colleague who is away.

    :ivar flows: names of the flows it is for; empty for all. :ivar not_after: over from this instant on.
    :ivar ended_at: ended early.
    """

    __tablename__ = "approval_delegation"
    __table_args__ = (
        CheckConstraint("not_after > not_before", name="dates"),
        CheckConstraint("deputy_id <> delegator_id", name="not_oneself"),
        Index("ix_approval_delegation_deputy_id", "deputy_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_approval_delegation_delegator_id_not_before_id", "delegator_id", "not_before", "id"),
        Index("ix_approval_delegation_deputy_id_not_before_id", "deputy_id", "not_before", "id"),
    )

    delegator_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    flows: Mapped[list[Any]]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
