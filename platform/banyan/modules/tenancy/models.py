"""The tenant tree. Directory tables: read before any scope exists and upward, always through `visible()` in lists.

What an organisation went through in its life is in `banyan.modules.tenancy.life_models`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef


class Level(Base):
    """How deep an organisation stands: data of the manifest.

    :ivar rank: a child's rank is greater than its parent's. :ivar label: language → name. :ivar mark: one character.
    """

    __tablename__ = "org_level"

    key: Mapped[str] = c_text(primary_key=True)
    rank: Mapped[int] = mapped_column(unique=True)
    label: Mapped[dict[str, Any]]
    mark: Mapped[str]


class OrgType(Base):
    """What kind of organisation; data of the manifest.

    :ivar parents: keys of types it may stand below; empty for any. :ivar root: whether it may have no parent.
    :ivar links: kinds of link it may have to its parent, see `links`; empty for leadership alone.
    :ivar ending: what the end of such an organisation is called: ``revoked``, or ``deregistered`` for an association.
    """

    __tablename__ = "org_type"

    key: Mapped[str] = c_text(primary_key=True)
    label: Mapped[dict[str, Any]]
    parents: Mapped[list[Any]]
    root: Mapped[bool] = mapped_column(default=False)
    links: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    ending: Mapped[str] = c_text(default="revoked", server_default="revoked")


class Org(Identified, Versioned, Base):
    """An organisation.

    :ivar path: place in the tree, see `banyan.kernel.treepath`. :ivar code: public slug, unique, immutable.
    :ivar division_code: administrative division it stands on; two trees may stand on one.
    :ivar sort_name: the name in pinyin, for sorting. :ivar last_ordinal: ordinals ever given to children.
    :ivar approval_document: id of the stored file with the approval of its founding; with its day and number.
    :ivar entry_days: working days from the day of approval to the day it was entered here; None where none is known.
    :ivar status: ``active``, ``revoked``, ``deregistered`` (of an association) or ``merged`` into its `successor_id`.
    :ivar link: kind of its link to the parent (ORG-12): ``leadership``, ``guidance``, which ends the parent's rights
        here, or ``branch_office``. A trigger takes the policy's stamp along where guidance begins, ends or moves.
    """

    __tablename__ = "org"
    __table_args__ = (
        UniqueConstraint("id", "path"),
        UniqueConstraint("path", name="uq_org_path"),
        UniqueConstraint(
            "code", name="uq_org_code", info={"field": "code", "message": lazy("This code is already taken.")}
        ),
        Index("ix_org_parent_id_ordinal", "parent_id", "ordinal"),
        Index("ix_org_level_path", "level", "path"),
        Index("ix_org_type_path", "type", "path"),
        Index("ix_org_sort_name_id", "sort_name", "id"),
        Index("ix_org_created_at_path", "created_at", "path"),
        Index("ix_org_division_code", "division_code", postgresql_where=text("division_code <> ''")),
        Index("ix_org_guidance", "path", postgresql_where=text("link = 'guidance'")),
        Index("ix_org_link_path", "link", "path", postgresql_where=text("link <> 'leadership'")),
        CheckConstraint(
            "link IN ('leadership', 'guidance', 'branch_office') AND (parent_id IS NOT NULL OR link = 'leadership')",
            name="link",
        ),
        Index("ix_org_approval_document", "approval_document", postgresql_where=text("approval_document IS NOT NULL")),
        Index("ix_org_late_path", "path", postgresql_where=text("entry_days > 30")),
        Index("ix_org_successor_id", "successor_id", postgresql_where=text("successor_id IS NOT NULL")),
        CheckConstraint("status IN ('active', 'revoked', 'deregistered', 'merged')", name="status"),
    )

    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("org.id"))
    path: Mapped[str] = c_text()
    depth: Mapped[int]
    ordinal: Mapped[int]
    last_ordinal: Mapped[int] = mapped_column(default=0, server_default="0")
    code: Mapped[str] = c_text()
    division_code: Mapped[str] = c_text(default="", server_default="")
    name: Mapped[str]
    short_name: Mapped[str] = mapped_column(Text, default="", server_default="")
    sort_name: Mapped[str] = c_text()
    level: Mapped[str] = mapped_column(Text(collation="C"), ForeignKey("org_level.key"))
    type: Mapped[str] = mapped_column(Text(collation="C"), ForeignKey("org_type.key"))
    founded_on: Mapped[date | None]
    person_in_charge: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    approval_document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id", use_alter=True))
    approved_on: Mapped[date | None]
    approval_number: Mapped[str] = mapped_column(default="", server_default="")
    entry_days: Mapped[int | None]
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("org.id"))
    status: Mapped[str] = c_text(default="active", server_default="active")
    link: Mapped[str] = c_text(default="leadership", server_default="leadership")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime]

    @property
    def ref(self) -> OrgRef:
        """Identity and place as a value."""
        return OrgRef(self.id, self.path)

    @property
    def shown_name(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name


class OrgToken(Base):
    """A piece of an organisation's name: two characters, or two pinyin initials. Written by tenancy alone.

    One index is the whole table: equality on the token, then a range of paths, in the order of the tree.
    """

    __tablename__ = "org_token"

    token: Mapped[str] = c_text(primary_key=True)
    org_path: Mapped[str] = c_text(primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)


class OrgLinkChange(Identified, Scoped, Base):
    """The kind of an organisation's link to its parent was decided anew.

    :ivar decided_on: date of the decision. :ivar document: id of the stored file with it.
    """

    __tablename__ = "org_link_change"
    __table_args__ = (Index("ix_org_link_change_document", "document"),)

    before: Mapped[str] = c_text()
    after: Mapped[str] = c_text()
    decided_on: Mapped[date]
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]
