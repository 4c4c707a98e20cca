"""What a member's file holds beside the record: posts, entries, and reviews of the record (PPL-03, PPL-06).

Nothing here is deleted: a post ends, an entry is withdrawn, a review is followed by another. Posts belong to the
organisation where they are held and stay there; entries and reviews go along with the record when it moves. Whoever
sees a record sees all that is about it, wherever it was written down (row security, and `seen_beyond`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, Date, ForeignKey, Index, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scope, Scoped
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import sealed
from banyan.modules.people.models import Member

NEVER = "DATE '9999-12-31'"
NOTE = "people.note"


class OfRecord:
    """Mixin: seen with the record it is about, wherever it was written down."""

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """What is about a record that is seen."""
        record = Member.__table__.alias("own_record")
        return record.select().where(record.c.id == cls.member_id).exists()  # type: ignore[attr-defined]


class Post(OfRecord, Identified, Versioned, Scoped, Base):
    """A function that a member holds at an organisation, for a term.

    :ivar holder: the member's name when it began, for those who do not see the record any more.
    :ivar kind: see `rules.posts.KINDS`. :ivar single: at most one person holds a post of this title at a time.
    :ivar began_by: ``elected``, ``appointed`` or ``other``. :ivar term_ends: the last day of the term, None: no term.
    :ivar term_order: the same for sorting. :ivar basis: number of the document that it rests on.
    :ivar election_id: the election it came of. :ivar ended_by: see `rules.posts.ENDINGS`.
    """

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("kind IN ('head', 'deputy', 'committee', 'delegate', 'staff')", name="kind"),
        CheckConstraint("began_by IN ('elected', 'appointed', 'other')", name="began_by"),
        CheckConstraint("term_ends IS NULL OR term_ends >= began_on", name="term"),
        CheckConstraint("ended_on IS NULL OR ended_on >= began_on", name="days"),
        CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name="ended"),
        Index(
            "uq_post_org_id_title_single",
            "org_id",
            "title",
            unique=True,
            postgresql_where=text("single AND ended_on IS NULL"),
            info={"field": "title", "message": lazy("Somebody else holds this post; end that one first.")},
        ),
        Index(
            "uq_post_org_id_person_id_title",
            "org_id",
            "person_id",
            "title",
            unique=True,
            postgresql_where=text("ended_on IS NULL"),
            info={"field": "title", "message": lazy("The member holds this post already.")},
        ),
        Index("ix_post_term_order_id", "term_order", "id", postgresql_where=text("ended_on IS NULL")),
        Index("ix_post_began_on_id", "began_on", "id"),
        Index("ix_post_org_path_began_on_id", "org_path", "began_on", "id"),
        Index("ix_post_person_id", "person_id"),
        Index("ix_post_member_id", "member_id"),
        Index("ix_post_document", "document"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    holder: Mapped[str]
    title: Mapped[str] = c_text()
    kind: Mapped[str] = c_text()
    single: Mapped[bool] = mapped_column(default=False, server_default=false())
    began_on: Mapped[date]
    began_by: Mapped[str] = c_text()
    term_ends: Mapped[date | None]
    term_order: Mapped[date] = mapped_column(Date, Computed(f"COALESCE(term_ends, {NEVER})", persisted=True))
    basis: Mapped[str] = mapped_column(default="", server_default="")
    election_id: Mapped[UUID | None]
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    ended_on: Mapped[date | None]
    ended_by: Mapped[str | None] = c_text()
    ended_reason: Mapped[str] = mapped_column(default="", server_default="")
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class FileEntry(OfRecord, Identified, Versioned, Scoped, Base):
    """An award, a disciplinary measure or a certificate in a member's file.

    :ivar until: the last day it holds. :ivar number: of the certificate or of the paper.
    :ivar note: of awards and certificates. :ivar note_sealed: of a measure: what for, sealed like a document number.
    :ivar withdrawn_at: it does not hold any more, and remains in the history with the reason.
    """

    __tablename__ = "file_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('award', 'measure', 'certificate')", name="kind"),
        CheckConstraint("until IS NULL OR until >= day", name="days"),
        Index("ix_file_entry_day_id", "day", "id"),
        Index("ix_file_entry_org_path_day_id", "org_path", "day", "id"),
        Index("ix_file_entry_until_order_id", "until_order", "id", postgresql_where=text("withdrawn_at IS NULL")),
        Index("ix_file_entry_person_id", "person_id"),
        Index("ix_file_entry_member_id", "member_id"),
        Index("ix_file_entry_document", "document"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str] = c_text()
    title: Mapped[str]
    issued_by: Mapped[str] = mapped_column(default="", server_default="")
    day: Mapped[date]
    until: Mapped[date | None]
    until_order: Mapped[date] = mapped_column(Date, Computed(f"COALESCE(until, {NEVER})", persisted=True))
    number: Mapped[str] = mapped_column(default="", server_default="")
    note: Mapped[str] = mapped_column(default="", server_default="")
    note_sealed: Mapped[bytes | None] = sealed(NOTE)
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="", server_default="")
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class RecordReview(OfRecord, Identified, Scoped, Base):
    """What a reviewer found when looking over a record, field by field.

    :ivar outcome: ``accepted`` or ``returned``. :ivar remarks: field → reason, of those that are not in order.
    :ivar record_version: of the record that was looked at.
    """

    __tablename__ = "record_review"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'returned')", name="outcome"),
        Index("ix_record_review_member_id_reviewed_at", "member_id", "reviewed_at"),
        Index("ix_record_review_person_id", "person_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    outcome: Mapped[str] = c_text()
    remarks: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(default="", server_default="")
    record_version: Mapped[int]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime]


class PersonMerge(OfRecord, Identified, Scoped, Base):
    """That two persons turned out to be one: who remained, who did not, and what was taken over.

    :ivar person_id: who remained, or whom that one turned out to be later. :ivar gone_person: who is no more.
    :ivar absorbed: the other record was put into this one; otherwise both remain as records of one person.
    :ivar taken: names of the fields that were taken from the other record.
    """

    __tablename__ = "person_merge"
    __table_args__ = (
        Index("ix_person_merge_person_id", "person_id"),
        Index("ix_person_merge_member_id", "member_id"),
        Index("ix_person_merge_gone_member", "gone_member"),
        Index("ix_person_merge_gone_person", "gone_person", unique=True),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    gone_person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    gone_member: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    absorbed: Mapped[bool]
    taken: Mapped[list[Any]] = mapped_column(JSONB)
    reason: Mapped[str]
    merged_by: Mapped[UUID | None]
    merged_at: Mapped[datetime]
