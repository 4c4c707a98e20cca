"""People and their records.

A `Person` is a human being, known once in a tree; it is a directory table and holds nothing readable about anybody. A
`Member` is the record that one organisation keeps about a person; it moves with a transfer. A `Membership` is a period
in one organisation and only ever ends. Three invariants are kept by the database itself, whatever crashes or races:

* one open membership for a record at most (partial unique index);
* at the end of every transaction an active record has an open membership, and it is of the record's own organisation
  (deferred constraint triggers ``member_place``): nobody is in two organisations or in none;
* of a membership nothing changes but its end, once (trigger ``membership_append_only`` and rights by column).

What identifies or reaches a person is sealed (PPL-05); equality is asked through the blind index beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scope, Scoped
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import indexed, sealed

STATUSES = ("active", "left", "deceased", "merged")
REVIEWS = ("pending", "returned", "accepted")
_UNKNOWN_DAY = "DATE '9999-12-31'"


def document_text(number: str, row: Mapping[str, Any]) -> str:
    """What the blind index of a document is made of: its type and its number."""
    return f"{row['document_type']}:{number}"


class Person(Identified, Base):
    """A human being in one tree. Found again by its document; a directory table that holds nothing readable.

    :ivar root_id: the root organisation of its tree; nobody moves from one tree to another.
    :ivar merged_into: the person that this one turned out to be.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "uq_person_root_id_document_index",
            "root_id",
            "document_index",
            unique=True,
            postgresql_where=text("merged_into IS NULL"),
        ),
        Index("ix_person_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    )

    root_id: Mapped[UUID] = mapped_column(ForeignKey("org.id"))
    document_index: Mapped[bytes | None] = indexed("people.document")
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Member(Identified, Versioned, Scoped, Base):
    """The record that one organisation keeps about a person who is, or was, its member.

    Whoever signs in with ``account_id`` sees the record wherever it is (row security, and `seen_beyond`).

    :ivar number: member number, where the organisation gives any. :ivar sort_name: the name in pinyin, for sorting.
    :ivar joined_on: when the person joined for the first time. :ivar admitted_on: the day of admission into this
        registry. :ivar joined_order: ``joined_on`` for sorting, last where unknown; ``birth_order`` likewise.
    :ivar exclusive: it may be the person's only active record in the tree (setting ``people.single_membership``).
    :ivar review: how the branch's first review stands (PPL-03). :ivar erased_at: nothing readable is left (PPL-07).
    """

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("id", "org_path"),
        CheckConstraint("status IN ('active', 'left', 'deceased', 'merged')", name="status"),
        CheckConstraint("review IN ('pending', 'returned', 'accepted')", name="review"),
        CheckConstraint("gender IN ('male', 'female', '')", name="gender"),
        Index(
            "uq_member_person_id_exclusive",
            "person_id",
            unique=True,
            postgresql_where=text("exclusive AND status = 'active'"),
            info={
                "field": "document_number",
                "message": lazy("This person is a member of an organisation of this tree already."),
            },
        ),
        Index(
            "uq_member_org_id_person_id",
            "org_id",
            "person_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
            info={
                "field": "document_number",
                "message": lazy("This person is a member of this organisation already."),
            },
        ),
        Index(
            "uq_member_org_id_number",
            "org_id",
            "number",
            unique=True,
            postgresql_where=text("number <> ''"),
            info={"field": "number", "message": lazy("Another member of the organisation has this number.")},
        ),
        Index("ix_member_person_id", "person_id"),
        Index(
            "ix_member_active",
            "org_path",
            "admitted_on",
            postgresql_include=["account_id"],
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "ix_member_without_account",
            "admitted_on",
            "id",
            postgresql_where=text("account_id IS NULL AND status = 'active'"),
        ),
        Index("ix_member_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_member_sort_name_id", "sort_name", "id"),
        Index("ix_member_org_path_sort_name_id", "org_path", "sort_name", "id"),
        Index("ix_member_joined_order_id", "joined_order", "id"),
        Index("ix_member_admitted_on_id", "admitted_on", "id"),
        Index("ix_member_birth_order_id", "birth_order", "id"),
        Index("ix_member_number", "number", postgresql_where=text("number <> ''")),
        Index("ix_member_document_index", "document_index", postgresql_where=text("document_index IS NOT NULL")),
        Index("ix_member_phone_index", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
        Index(
            "ix_member_ethnicity_sort_name_id",
            "ethnicity",
            "sort_name",
            "id",
            postgresql_where=text("ethnicity <> '01'"),
        ),
        Index("ix_member_gone_sort_name_id", "status", "sort_name", "id", postgresql_where=text("status <> 'active'")),
        Index(
            "ix_member_review_sort_name_id", "review", "sort_name", "id", postgresql_where=text("review <> 'accepted'")
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    number: Mapped[str] = c_text(default="", server_default="")
    name: Mapped[str]
    sort_name: Mapped[str] = c_text()
    gender: Mapped[str] = c_text(default="", server_default="")
    ethnicity: Mapped[str] = c_text(default="", server_default="")
    birth_date: Mapped[date | None]
    birth_order: Mapped[date] = mapped_column(Date, Computed(f"COALESCE(birth_date, {_UNKNOWN_DAY})", persisted=True))
    document_type: Mapped[str] = c_text(default="", server_default="")
    document_sealed: Mapped[bytes | None] = sealed("people.document")
    document_index: Mapped[bytes | None] = indexed("people.document", made_of=document_text)
    phone_sealed: Mapped[bytes | None] = sealed("people.phone")
    phone_index: Mapped[bytes | None] = indexed("people.phone")
    email_sealed: Mapped[bytes | None] = sealed("people.email")
    email_index: Mapped[bytes | None] = indexed("people.email")
    address_sealed: Mapped[bytes | None] = sealed("people.address")
    workplace: Mapped[str] = mapped_column(default="", server_default="")
    occupation: Mapped[str] = mapped_column(default="", server_default="")
    education: Mapped[str] = c_text(default="", server_default="")
    political_status: Mapped[str] = c_text(default="", server_default="")
    interests: Mapped[str] = mapped_column(default="", server_default="")
    joined_on: Mapped[date | None]
    joined_order: Mapped[date] = mapped_column(Date, Computed(f"COALESCE(joined_on, {_UNKNOWN_DAY})", persisted=True))
    joining_place: Mapped[str] = mapped_column(default="", server_default="")
    admitted_on: Mapped[date]
    kind: Mapped[str] = c_text(default="member", server_default="member")
    exclusive: Mapped[bool] = mapped_column(default=True, server_default=true())
    status: Mapped[str] = c_text(default="active", server_default="active")
    review: Mapped[str] = c_text(default="pending", server_default="pending")
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """One's own records are seen wherever they are."""
        return cls.account_id == UUID(scope.me) if scope.me else None


class Membership(Identified, Scoped, Base):
    """A period in one organisation. Of an open one nothing changes but its end; of an ended one, nothing at all.

    :ivar began_by: ``admission``, ``import``, ``transfer``, ``restored``, ``merge`` … :ivar ended_by: ``transfer``,
        ``left``, ``expelled``, ``deceased``, ``merge`` … :ivar reason: why it began. :ivar ended_reason: why it ended.
    :ivar request_id: the request that began it. :ivar ended_request_id: the one that ended it.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("ended_on IS NULL OR ended_on >= began_on", name="days"),
        CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("uq_membership_member_id_open", "member_id", unique=True, postgresql_where=text("ended_on IS NULL")),
        Index("ix_membership_member_id_began_on", "member_id", "began_on"),
        Index("ix_membership_person_id", "person_id"),
    )

    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    began_on: Mapped[date]
    began_by: Mapped[str] = c_text()
    reason: Mapped[str] = mapped_column(default="", server_default="")
    request_id: Mapped[UUID | None]
    ended_on: Mapped[date | None]
    ended_by: Mapped[str | None] = c_text()
    ended_reason: Mapped[str] = mapped_column(default="", server_default="")
    ended_request_id: Mapped[UUID | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """The whole history of a record that is seen: its present organisation knows where somebody came from."""
        record = Member.__table__.alias("own_record")
        return record.select().where(record.c.id == cls.member_id).exists()


class MemberToken(Base):
    """A piece of a member's name: two characters, two pinyin initials, or the first character alone.

    It follows its record by foreign key: equality on the token, then a range of paths.
    """

    __tablename__ = "member_token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            onupdate="CASCADE",
            ondelete="CASCADE",
            name="fk_member_token_member",
        ),
        Index("ix_member_token_member_id", "member_id"),
    )

    token: Mapped[str] = c_text(primary_key=True)
    org_path: Mapped[str] = c_text(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
