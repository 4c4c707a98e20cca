"""What members change in their own records: the old and the new value are kept, sealed (ACC-03, PPL-02)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    Computed,
    Date,
    ForeignKey,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scope, Scoped
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import sealed
from banyan.modules.people.models import Member
from banyan.modules.people.services.moving import follows

PURPOSE = "people.change"
_OPEN = "state IN ('waiting', 'unchecked')"


@follows
class MemberChange(Identified, Versioned, Scoped, Base):
    """One item of a record that its member changed, or asked to have changed.

    It goes along with the record, and whoever sees the record sees it (row security, and `seen_beyond`).

    :ivar item: see `rules.changes`. :ivar kind: ``check``: it took effect and is checked; ``ask``: it waits.
    :ivar old_sealed: what the record said before, as `rules.changes.packed` makes it; ``new_sealed`` likewise.
    :ivar request_id: the request of the approval engine that it belongs to. :ivar reason: why it is asked for.
    :ivar proof_id: a file that shows it. :ivar due_on: the last day to answer or check it.
    :ivar order_on: the same for lists: what is done stands at the end.
    :ivar answer: why it is not agreed to, or was put back.
    """

    __tablename__ = "member_change"
    __table_args__ = (
        CheckConstraint("kind IN ('ask', 'check')", name="kind"),
        CheckConstraint(
            "state IN ('waiting', 'unchecked', 'agreed', 'refused', 'confirmed', 'put_back', 'replaced', 'withdrawn')",
            name="state",
        ),
        CheckConstraint("(kind = 'ask') = (request_id IS NOT NULL)", name="asked"),
        Index(
            "uq_member_change_member_id_item_open",
            "member_id",
            "item",
            unique=True,
            postgresql_where=text(_OPEN),
            info={"field": "items", "message": lazy("You have asked for a change of this already.")},
        ),
        Index("ix_member_change_order_on_id", "order_on", "id"),
        Index("ix_member_change_org_path_order_on_id", "org_path", "order_on", "id"),
        Index("ix_member_change_asked_at_id", "asked_at", "id"),
        Index("ix_member_change_open_org_path", "org_path", "due_on", postgresql_where=text("is_open")),
        Index("ix_member_change_member_id_id", "member_id", "id"),
        Index("ix_member_change_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("ix_member_change_proof_id", "proof_id", postgresql_where=text("proof_id IS NOT NULL")),
    )

    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    item: Mapped[str] = c_text()
    kind: Mapped[str] = c_text()
    state: Mapped[str] = c_text()
    is_open: Mapped[bool] = mapped_column(Boolean, Computed(_OPEN, persisted=True))
    old_sealed: Mapped[bytes] = sealed(PURPOSE, nullable=False)
    new_sealed: Mapped[bytes] = sealed(PURPOSE, nullable=False)
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_request.id"))
    reason: Mapped[str] = mapped_column(default="", server_default="")
    proof_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    order_on: Mapped[date] = mapped_column(
        Date, Computed(f"CASE WHEN {_OPEN} THEN due_on ELSE DATE '9999-12-31' END", persisted=True)
    )
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    answer: Mapped[str] = mapped_column(default="", server_default="")

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """The changes of a record that is seen."""
        record = Member.__table__.alias("own_record")
        return record.select().where(record.c.id == cls.member_id).exists()
