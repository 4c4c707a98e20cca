"""The audit log's table: monthly partitions, append-only for the application."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, c_text, new_id


class AuditEntry(Base):
    """One thing that was done, refused or failed.

    Not `Scoped`: it keeps ``org_id`` and the path as it was written, and outlives moves. Readers come through a join
    to ``org`` with `visible()`. The hash columns are the seam of the chain (SYS-01).

    :ivar outcome: ``done``, ``refused`` or ``failed``. :ivar decision: grant, role and policy version that allowed it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_id", "id"),
        Index("ix_audit_entry_org_id_at", "org_id", "at"),
        Index("ix_audit_entry_subject_id_at", "subject_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID | None]
    org_path: Mapped[str | None] = c_text()
    account_id: Mapped[UUID | None]
    account_name: Mapped[str]
    via: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]
    action: Mapped[str] = c_text()
    outcome: Mapped[str] = c_text()
    subject_type: Mapped[str]
    subject_id: Mapped[str] = c_text()
    subject_label: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    decision: Mapped[dict[str, Any] | None]
    previous_hash: Mapped[bytes | None]
    hash: Mapped[bytes | None]
