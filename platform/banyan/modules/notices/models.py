"""Notices, whom each is for, and how many have read it.

A notice is one row, published downward (`Published`): whoever stands below its organisation may read it once it is
published, and those it is for wherever they are. Whom it is for is frozen when it is published: a `NoticeRecipient` row
each, written by one INSERT … SELECT for an audience, and completed by reading and confirming. `NoticeTally` counts them
by organisation; triggers keep it (migration ``core_…_notices``), so that no reader waits for another organisation's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair, Published, Scope, Scoped


class Notice(Identified, Versioned, Published, Base):
    """Something an organisation tells others.

    :ivar origin: ``written`` by people, ``system`` for what the platform tells, ``emergency``.
    :ivar kind: ``notice`` to accounts, ``announcement`` to the public as well where ``public`` says so.
    :ivar body: Markdown. :ivar words: msgids and values of what the platform tells, read in each reader's language.
    :ivar link: a path within the platform. :ivar audiences: whom it is for, as `audience.to_json` keeps it.
    :ivar files: what is needed to serve each attachment: those below cannot see the publisher's files.
    :ivar state: ``draft``, ``waiting`` for approval, ``scheduled``, ``published`` or ``withdrawn``.
    :ivar order_at: when it was published, else written: the order of lists. :ivar replaces: an earlier version.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'waiting', 'scheduled', 'published', 'withdrawn')", name="state"),
        CheckConstraint("kind IN ('notice', 'announcement')", name="kind"),
        CheckConstraint("importance IN ('ordinary', 'important', 'urgent')", name="importance"),
        Index("ix_notice_order_at_id", "order_at", "id"),
        Index("ix_notice_publish_at", "publish_at", postgresql_where=text("state = 'scheduled'")),
        Index("ix_notice_public", "org_id", "order_at", "id", postgresql_where=text("public AND state = 'published'")),
        Index("ix_notice_replaces", "replaces", unique=True, postgresql_where=text("replaces IS NOT NULL")),
    )

    origin: Mapped[str] = c_text(default="written")
    kind: Mapped[str] = c_text(default="notice")
    importance: Mapped[str] = c_text(default="ordinary")
    title: Mapped[str]
    body: Mapped[str]
    words: Mapped[dict[str, Any] | None]
    link: Mapped[str] = mapped_column(default="", server_default="")
    confirm: Mapped[bool] = mapped_column(default=False)
    public: Mapped[bool] = mapped_column(default=False)
    channels: Mapped[list[Any]] = mapped_column(default=list)
    audiences: Mapped[list[Any]] = mapped_column(default=list)
    files: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = c_text(default="draft")
    order_at: Mapped[datetime]
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[UUID | None]
    valid_until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("notice.id"))
    task_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """What one was told is seen wherever it came from."""
        if not scope.me:
            return None
        own = NoticeRecipient.__table__.alias("own_recipient")
        return own.select().where(own.c.notice_id == cls.id, own.c.account_id == UUID(scope.me)).exists()


class NoticeRecipient(OrgPair, Base):
    """Somebody a notice is for, as of its publication, or of joining later. Completed by reading it.

    Its organisation is the member's at that time. Row security: the organisation and those above, and oneself.

    :ivar reader_id: the member, or the account of who is none. :ivar account_id: None: nobody reads it in the platform.
    :ivar at: when it was published: the order of an inbox. :ivar gone_at: left before reading; not waited for.
    """

    __tablename__ = "notice_recipient"
    __table_args__ = (
        Index("ix_notice_recipient_notice_id_org_path", "notice_id", "org_path", "reader_id"),
        Index("ix_notice_recipient_account_id", "account_id", "at", "notice_id"),
        Index("ix_notice_recipient_unread", "account_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notice_recipient_member_id", "member_id", postgresql_where=text("member_id IS NOT NULL")),
        Index("ix_notice_recipient_person_id", "person_id", postgresql_where=text("person_id IS NOT NULL")),
    )

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True)
    reader_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]


class NoticeTally(Scoped, Base):
    """How many a notice is for at one organisation, and how many have read and confirmed it there."""

    __tablename__ = "notice_tally"
    __table_args__ = (Index("ix_notice_tally_notice_id_org_path", "notice_id", "org_path"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    reached: Mapped[int] = mapped_column(default=0)
    without: Mapped[int] = mapped_column(default=0)
    read: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)


class NoticePreference(Base):
    """By which channels somebody wants to hear of ordinary notices beside the inbox; urgent ones ask nobody."""

    __tablename__ = "notice_preference"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[bool] = mapped_column(default=True)
    sms: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)
