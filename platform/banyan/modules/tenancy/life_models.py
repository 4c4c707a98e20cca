"""What organisations went through, and the decisions to revoke some. Directory tables, as the tree itself is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair


class OrgChange(Identified, Base):
    """A change in the life of an organisation, kept for ever (ORG-05).

    It names its organisation by id alone: what happened stays with the one it happened to, also when that is merged.

    :ivar other_id: the other organisation: new parent, the one it went into, the one it was split from.
    :ivar kind: ``rename``, ``move``, ``merge``, ``split``, ``revoked``, ``deregistered`` or ``restore``.
    :ivar decided_on: day of the decision; None for a mere correction of the name.
    :ivar before: names and places as they were, by field. :ivar after: as they became.
    """

    __tablename__ = "org_change"
    __table_args__ = (
        Index("ix_org_change_org_id_at", "org_id", "at"),
        Index("ix_org_change_other_id", "other_id"),
        Index("ix_org_change_document", "document", postgresql_where=text("document IS NOT NULL")),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("org.id"))
    other_id: Mapped[UUID | None] = mapped_column(ForeignKey("org.id"))
    kind: Mapped[str] = c_text()
    decided_on: Mapped[date | None]
    number: Mapped[str] = mapped_column(default="", server_default="")
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    note: Mapped[str] = mapped_column(default="", server_default="")
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    account_id: Mapped[UUID | None]
    account_name: Mapped[str]
    at: Mapped[datetime]


class OrgRevocation(Identified, Versioned, OrgPair, Base):
    """A decision to revoke an organisation, and whether it was carried out in time (ORG-04).

    :ivar act: ``revoked`` or ``deregistered``: two different acts, by the type of the organisation.
    :ivar due_on: the working day on which it has to be done. :ivar provisional: holidays on the way are not published.
    :ivar done_on: the day it was done. :ivar ended_grants: the grants that ended with it, given back by a restoration.
    """

    __tablename__ = "org_revocation"
    __table_args__ = (
        Index("ix_org_revocation_due_on_id", "due_on", "id"),
        Index("ix_org_revocation_document", "document", postgresql_where=text("document IS NOT NULL")),
        Index(
            "uq_org_revocation_open",
            "org_id",
            unique=True,
            postgresql_where=text("done_on IS NULL AND withdrawn_at IS NULL"),
        ),
        CheckConstraint("act IN ('revoked', 'deregistered')", name="act"),
    )

    act: Mapped[str] = c_text()
    decided_on: Mapped[date]
    number: Mapped[str] = mapped_column(default="", server_default="")
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    note: Mapped[str] = mapped_column(default="", server_default="")
    due_on: Mapped[date]
    provisional: Mapped[bool]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    done_on: Mapped[date | None]
    done_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    ended_grants: Mapped[list[Any]] = mapped_column(default=list)
