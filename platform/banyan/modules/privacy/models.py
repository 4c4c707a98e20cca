"""Looks at sensitive data, and what people ask for about their own data. All `Scoped`, at the member's organisation.

Members see what concerns their own records wherever these are (row security of ``member``, and `seen_beyond`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scope, Scoped
from banyan.kernel.i18n import lazy
from banyan.modules.people.models import Member

UNDER_WAY = lazy("This has been asked for already and is under way.")


def of_a_seen_record(column: Any) -> ColumnElement[bool]:
    """Rows about a record that the session sees; row security of the table says the same."""
    record = Member.__table__.alias("seen_record")
    return record.select().where(record.c.id == column).exists()


class Look(Identified, Scoped, Base):
    """Somebody saw sensitive fields of a member in clear.

    :ivar how: ``page``, ``api`` or ``export``. :ivar fields: names of the fields, never their values.
    :ivar reason: a key of `rules.REASONS`; ``note`` says more. :ivar task_id: the export it was part of.
    """

    __tablename__ = "privacy_look"
    __table_args__ = (
        CheckConstraint("how IN ('page', 'api', 'export')", name="how"),
        Index("ix_privacy_look_at_id", "at", "id"),
        Index("ix_privacy_look_member_id_at", "member_id", "at"),
        Index("ix_privacy_look_person_id", "person_id"),
        Index("ix_privacy_look_account_id_at", "account_id", "at"),
        Index(
            "uq_privacy_look_task_id_member_id",
            "task_id",
            "member_id",
            unique=True,
            postgresql_where=text("task_id IS NOT NULL"),
        ),
    )

    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[UUID | None]
    account_name: Mapped[str]
    at: Mapped[datetime]
    how: Mapped[str] = c_text()
    fields: Mapped[list[Any]]
    reason: Mapped[str] = c_text()
    note: Mapped[str] = mapped_column(default="", server_default="")
    task_id: Mapped[UUID | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """Looks at records that are seen, at whatever organisation they happened."""
        return of_a_seen_record(cls.member_id)


class ManyLooks(Identified, Scoped, Base):
    """An account looked at more members of an organisation's subtree in a day than the setting says.

    :ivar looks: how many by then.
    """

    __tablename__ = "privacy_many_looks"
    __table_args__ = (
        Index("uq_privacy_many_looks_account_id_day_org_id", "account_id", "day", "org_id", unique=True),
        Index("ix_privacy_many_looks_day_id", "day", "id"),
    )

    account_id: Mapped[UUID]
    account_name: Mapped[str]
    day: Mapped[date]
    looks: Mapped[int]


class DataRequest(Identified, Versioned, Scoped, Base):
    """What is asked for about a person's data: a copy, or erasure.

    :ivar kind: ``copy`` or ``erasure``. :ivar how: ``member`` asks, ``organisation`` for who left, ``retention``: time
        to keep is over.
    :ivar state: ``waiting`` for a decision, ``working``, ``done``, ``failed``, ``rejected`` or ``withdrawn``.
    :ivar request_id: of the approval engine. :ivar erased: rows by table. :ivar kept: what stays, and why, as msgids.
    """

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint("kind IN ('copy', 'erasure')", name="kind"),
        CheckConstraint("how IN ('member', 'organisation', 'retention')", name="how"),
        CheckConstraint("state IN ('waiting', 'working', 'done', 'failed', 'rejected', 'withdrawn')", name="state"),
        Index("ix_privacy_request_asked_at_id", "asked_at", "id"),
        Index("ix_privacy_request_member_id", "member_id"),
        Index("ix_privacy_request_task_id", "task_id"),
        Index(
            "uq_privacy_request_person_id_open",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'working')"),
            info={"field": "reason", "message": UNDER_WAY},
        ),
    )

    kind: Mapped[str] = c_text()
    how: Mapped[str] = c_text()
    state: Mapped[str] = c_text()
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="", server_default="")
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_request.id"))
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("long_task.id", ondelete="SET NULL"))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id", ondelete="SET NULL"))
    failed: Mapped[list[Any]] = mapped_column(default=list)
    erased: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kept: Mapped[list[Any]] = mapped_column(default=list)
    opinion: Mapped[str] = mapped_column(default="", server_default="")
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """Requests about records that are seen."""
        return of_a_seen_record(cls.member_id)
