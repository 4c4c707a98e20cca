"""The audit log's tables: entries in monthly partitions, append-only for the application, and what proves them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, c_text, new_id


class AuditEntry(Base):
    """One thing that was done, refused or failed.

    Not `Scoped`: it keeps ``org_id`` and the path as it was written, and outlives moves. Readers come through a join
    to ``org`` with `visible()`. The database chains it (`banyan.modules.audit.chain`): whatever is given for the four
    last columns, a trigger writes them.

    :ivar outcome: ``done``, ``refused`` or ``failed``. :ivar decision: grant, role and policy version that allowed it.
    :ivar lane: of the chain; 0 for what was written before there was one. :ivar position: in the lane, from 1.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_id", "id"),
        Index("ix_audit_entry_org_id_at", "org_id", "at"),
        Index("ix_audit_entry_org_path_at", "org_path", "at"),
        Index("ix_audit_entry_subject_id_at", "subject_id", "at"),
        Index("ix_audit_entry_subject_type_at", "subject_type", "at"),
        Index("ix_audit_entry_subject_label_at", "subject_label", "at"),
        Index("ix_audit_entry_account_name_at", "account_name", "at"),
        Index("ix_audit_entry_action_at", "action", "at"),
        Index("ix_audit_entry_address_at", "address", "at"),
        Index("ix_audit_entry_request_id_at", "request_id", "at"),
        Index("ix_audit_entry_outcome_at", "outcome", "at", postgresql_where=text("outcome <> 'done'")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID | None]
    org_path: Mapped[str | None] = c_text()
    account_id: Mapped[UUID | None]
    account_name: Mapped[str] = c_text()
    via: Mapped[str]
    address: Mapped[str] = c_text()
    request_id: Mapped[str] = c_text()
    action: Mapped[str] = c_text()
    outcome: Mapped[str] = c_text()
    subject_type: Mapped[str] = c_text()
    subject_id: Mapped[str] = c_text()
    subject_label: Mapped[str] = c_text()
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    decision: Mapped[dict[str, Any] | None]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    lane: Mapped[int]
    position: Mapped[int]


class AuditLane(Base):
    """The end of a lane of the chain. The trigger alone writes it; the application may read it."""

    __tablename__ = "audit_lane"

    lane: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(server_default="0")
    hash: Mapped[bytes] = mapped_column(server_default=text("decode(repeat('00', 32), 'hex')"))


class AuditPath(Base):
    """Where an organisation stood before it moved; a trigger on ``org`` writes it, the application may read it.

    Entries keep the path as it was written: those of a subtree are looked for at its paths of today and at these.
    """

    __tablename__ = "audit_path"
    __table_args__ = (Index("ix_audit_path_org_id", "org_id"),)

    org_path: Mapped[str] = c_text(primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditArchive(Identified, Base):
    """A stretch of the chain that was taken out of the log by rule, with its partition; the owner alone writes it."""

    __tablename__ = "audit_archive"

    partition: Mapped[str] = c_text()
    lane: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    first_id: Mapped[UUID]
    last_id: Mapped[UUID]
    archived_at: Mapped[datetime]


class AuditVerification(Identified, Base):
    """A verification of the chain that came to its end; nobody changes or deletes one.

    :ivar since: what was older was not looked at; None: all of it. :ivar old: entries from before the chain.
    :ivar stopped: it ended early, since so much was wrong. :ivar found: how many things; ``findings`` has the first.
    :ivar heads: of every lane at its beginning: position and hash.
    """

    __tablename__ = "audit_verification"
    __table_args__ = (Index("ix_audit_verification_finished_at", "finished_at"),)

    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    since: Mapped[datetime | None]
    entries: Mapped[int]
    old: Mapped[int]
    stopped: Mapped[bool]
    found: Mapped[int]
    findings: Mapped[list[Any]]
    heads: Mapped[dict[str, Any]]
    started_by: Mapped[str]
    via: Mapped[str]
