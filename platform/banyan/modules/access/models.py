"""Roles, grants and the stamp of the policy. Directory tables: read before any scope exists."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.i18n import lazy


class PolicyStamp(Base):
    """One row whose number grows with every change of an organisation's own roles."""

    __tablename__ = "policy_stamp"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    version: Mapped[int]


class OrgRole(Identified, Versioned, OrgPair, Base):
    """A role that an organisation defined itself; usable there and below.

    :ivar stamp: policy version of its last change. :ivar withdrawn_at: it means nothing from then on, and is kept.
    """

    __tablename__ = "org_role"
    __table_args__ = (
        Index(
            "uq_org_role_org_id_name",
            "org_id",
            "name",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            info={"field": "name", "message": lazy("The organisation has a role of this name already.")},
        ),
    )

    name: Mapped[str] = c_text()
    description: Mapped[str] = mapped_column(default="")
    stamp: Mapped[int]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    lines: Mapped[list[OrgRolePermission]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def key(self) -> str:
        """What grants and the policy call it: a surrogate, never its name."""
        return str(self.id)


class OrgRolePermission(Base):
    """A permission inside an organisation's own role."""

    __tablename__ = "org_role_permission"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("org_role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = c_text(primary_key=True)


class RoleGrant(Identified, OrgPair, Base):
    """An account holds a role at an organisation.

    :ivar role: key of a built-in role, or id of an `OrgRole`. :ivar reach: ``self`` or ``subtree``.
    :ivar not_before: valid from this instant. :ivar not_after: and until before this one; None for ever.
    :ivar ended_at: taken back; the row stays as history.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("reach IN ('self', 'subtree')", name="reach"),
        CheckConstraint("not_after IS NULL OR not_after > not_before", name="dates"),
        Index("ix_role_grant_account_id", "account_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_role_grant_granted_at_id", "granted_at", "id"),
        Index("ix_role_grant_role", "role", postgresql_where=text("ended_at IS NULL")),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = c_text()
    reach: Mapped[str] = c_text()
    not_before: Mapped[datetime]
    not_after: Mapped[datetime | None]
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
