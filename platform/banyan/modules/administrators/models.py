"""Applications for administrator accounts, and the codes with which people without an account get at theirs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair, Scoped
from banyan.kernel.i18n import lazy

PENDING = ("draft", "sent", "returned")


class AdministratorApplication(Identified, Versioned, Scoped, Base):
    """An organisation asks for an administrator account; its organisation is the one that asks.

    :ivar origin: ``own``: entered by somebody with an account there; ``paper``: by the level above, from the sealed
        form; ``invited``: by its person without an account.
    :ivar person_in_charge: of the organisation, with ``phone``.
    :ivar administrator: who will hold the account. :ivar replaces: account whose roles there end on approval.
    :ivar state: kept by what the approval engine says; at most one of `PENDING` for each organisation.
    :ivar opinion: what the decider wrote last. :ivar request_id: of the approval engine, once it was sent.
    :ivar account_id: what approval opened, with ``code_id``, the code that sets it up.
    """

    __tablename__ = "administrator_application"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'sent', 'returned', 'approved', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("origin IN ('own', 'paper', 'invited')", name="origin"),
        Index(
            "uq_administrator_application_pending",
            "org_id",
            unique=True,
            postgresql_where=text("state IN ('draft', 'sent', 'returned')"),
            info={"message": lazy("This organisation has an application that is not decided yet.")},
        ),
        Index("ix_administrator_application_created_at_id", "created_at", "id"),
    )

    origin: Mapped[str] = c_text()
    person_in_charge: Mapped[str]
    phone: Mapped[str]
    administrator: Mapped[str]
    administrator_phone: Mapped[str]
    sign_in_name: Mapped[str] = c_text()
    reason: Mapped[str] = mapped_column(default="", server_default="")
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    scan_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    state: Mapped[str] = c_text(default="draft", server_default="draft")
    opinion: Mapped[str] = mapped_column(default="", server_default="")
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_request.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    code_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration_code.id"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]

    @property
    def number(self) -> str:
        """What the paper is called by."""
        return f"{self.created_at:%Y%m%d}-{self.id.hex[-6:].upper()}"

    @property
    def correctable(self) -> bool:
        """Whether it can be changed now."""
        return self.state in ("draft", "returned")


class AdministratorKey(Identified, OrgPair, Base):
    """A code that lets somebody without an account fill in an application, or follow one. A directory table.

    :ivar kind: ``invitation``: handed out by the level above, good for one application; ``receipt``: told to whoever
        applied, shows where the application stands. :ivar application_id: of a receipt; of an invitation once used.
    """

    __tablename__ = "administrator_key"
    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'receipt')", name="kind"),
        Index("ix_administrator_key_application_id", "application_id"),
        Index("ix_administrator_key_created_at_id", "created_at", "id"),
    )

    kind: Mapped[str] = c_text()
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hint: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    application_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
