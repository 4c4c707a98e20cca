"""Privacy notices, who agreed to what and when, and guardians of those under fourteen (PPL-10)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Published, Scope, Scoped
from banyan.kernel.sealing import sealed
from banyan.modules.privacy.models import of_a_seen_record

GUARDIAN_PHONE = "privacy.guardian"


class PrivacyNotice(Identified, Versioned, Published, Base):
    """A version of an organisation's privacy notice; once published it never changes, the next one replaces it.

    :ivar number: 1, 2, 3 … within the organisation.
    """

    __tablename__ = "privacy_notice"
    __table_args__ = (
        UniqueConstraint("org_id", "number"),
        Index("ix_privacy_notice_published_at_id", "published_at", "id"),
        Index("uq_privacy_notice_draft", "org_id", unique=True, postgresql_where=text("NOT published")),
    )

    number: Mapped[int]
    purpose: Mapped[str]
    basis: Mapped[str]
    categories: Mapped[str]
    retention: Mapped[str]
    contact: Mapped[str]
    more: Mapped[str] = mapped_column(default="", server_default="")
    written_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class Consent(Identified, Scoped, Base):
    """A member took note of a notice, or agreed to the processing of sensitive data. Withdrawn, not deleted.

    :ivar kind: ``notice`` or ``sensitive``. :ivar number: of the notice that was shown.
    """

    __tablename__ = "privacy_consent"
    __table_args__ = (
        CheckConstraint("kind IN ('notice', 'sensitive')", name="kind"),
        Index("ix_privacy_consent_member_id", "member_id"),
        Index("ix_privacy_consent_person_id", "person_id"),
        Index("ix_privacy_consent_given_at_id", "given_at", "id"),
        Index(
            "uq_privacy_consent_member_id_kind_notice_id",
            "member_id",
            "kind",
            "notice_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    kind: Mapped[str] = c_text()
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("privacy_notice.id"))
    number: Mapped[int]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """Consents of records that are seen."""
        return of_a_seen_record(cls.member_id)


class Guardian(Identified, Scoped, Base):
    """A guardian agreed that the data of a member under fourteen is processed.

    :ivar document: the signed paper.
    """

    __tablename__ = "privacy_guardian"
    __table_args__ = (
        Index("ix_privacy_guardian_member_id", "member_id"),
        Index("ix_privacy_guardian_person_id", "person_id"),
        Index("ix_privacy_guardian_document", "document"),
    )

    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    relation: Mapped[str] = c_text()
    phone_sealed: Mapped[bytes | None] = sealed(GUARDIAN_PHONE)
    consented_on: Mapped[date]
    document: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """Guardians of records that are seen."""
        return of_a_seen_record(cls.member_id)
