"""Transfers, who is concerned by them, what belongs together, why it takes long, and messages between trees.

A `Transfer` within a tree has two sides: one `TransferParty` row per side lets that side see it under row security
(migration ``core_…_transfers``), and its member sees it by account. Between two trees each side keeps a row of its own,
and `TransferMessage` is all that passes between them: no foreign key crosses roots. That a member has one open transfer
at most is a partial unique index; where members are is kept by `people`, never here.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair, Scoped
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import sealed
from banyan.modules.transfers.rules import KINDS, OPEN, STATES

_OPEN = ", ".join(f"'{state}'" for state in OPEN)


def _one_of(column: str, values: object) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"  # type: ignore[attr-defined]


class Transfer(Identified, Versioned, OrgPair, Base):
    """A member is to go from one organisation to another. Its organisation is the side that keeps the row.

    :ivar direction: ``within`` a tree; ``outward`` to another one, kept by the sender; ``inward``, by the receiver.
    :ivar origin: ``own``: asked for by the member; ``branch``: by the sending branch; ``outside``: by another tree.
    :ivar member_id: the record; of an inward transfer, the one that admission made. :ivar account_id: its account.
    :ivar from_id: with ``to_id``, the sides that are of this tree; ``away_code`` is the code of the one that is not.
        ``to_path`` is the place of the receiving one, as the row's own is that of the side that keeps it: lists look
        there, as a join with the parties would read all of them.
    :ivar from_name: with ``to_name``, what they were called at the time.
    :ivar effective_on: the day to move on; None: at once. :ivar moved_on: the day it happened.
    :ivar opinion: the last reason given, by people or by what failed. :ivar request_id: of the approval engine.
    :ivar recalled_at: the member wants an outward transfer back; the other tree answers.
    :ivar crossing_id: names the transfer between two trees on both sides.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="state"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint("direction IN ('within', 'outward', 'inward')", name="direction"),
        CheckConstraint("origin IN ('own', 'branch', 'outside')", name="origin"),
        CheckConstraint(f"from_id <> to_id OR state NOT IN ({_OPEN})", name="sides"),
        Index(
            "uq_transfer_member_id_open",
            "member_id",
            unique=True,
            postgresql_where=text(f"state IN ({_OPEN})"),
            info={
                "field": "member",
                "message": lazy("This member has an open transfer already. It has to be decided or withdrawn first."),
            },
        ),
        Index("uq_transfer_crossing_id_direction", "crossing_id", "direction", unique=True),
        Index("ix_transfer_applied_at_id", "applied_at", "id"),
        Index("ix_transfer_member_id", "member_id"),
        Index("ix_transfer_person_id", "person_id"),
        Index("ix_transfer_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_transfer_from_id", "from_id"),
        ForeignKeyConstraint(["to_id", "to_path"], ["org.id", "org.path"], onupdate="CASCADE", name="fk_transfer_to"),
        CheckConstraint("(to_id IS NULL) = (to_path IS NULL)", name="to_path"),
        Index("ix_transfer_to_id", "to_id"),
        Index("ix_transfer_to_path", "to_path"),
        Index("ix_transfer_request_id", "request_id"),
        Index("ix_transfer_batch_id_name_id", "batch_id", "name", "id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_transfer_accepted", "id", postgresql_where=text("state = 'accepted'")),
        Index("ix_transfer_moved_on", "moved_on", postgresql_where=text("moved_on IS NOT NULL")),
    )

    direction: Mapped[str] = c_text(default="within", server_default="within")
    origin: Mapped[str] = c_text()
    kind: Mapped[str] = c_text()
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    from_id: Mapped[UUID | None] = mapped_column(ForeignKey("org.id"))
    from_name: Mapped[str]
    to_id: Mapped[UUID | None]
    to_path: Mapped[str] = mapped_column(Text(collation="C"), nullable=True)
    to_name: Mapped[str]
    away_code: Mapped[str] = c_text(default="", server_default="")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    effective_on: Mapped[date | None]
    state: Mapped[str] = c_text()
    opinion: Mapped[str] = mapped_column(default="", server_default="")
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_request.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("transfer_batch.id"))
    crossing_id: Mapped[UUID | None]
    recalled_at: Mapped[datetime | None]
    applied_by: Mapped[UUID | None]
    applied_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    moved_on: Mapped[date | None]

    @property
    def open(self) -> bool:
        """Whether something can still come of it."""
        return self.state in OPEN

    @property
    def number(self) -> str:
        """What the paper is called by."""
        return f"{self.applied_at:%Y%m%d}-{self.id.hex[-6:].upper()}"


class TransferParty(Identified, OrgPair, Base):
    """An organisation that sees a transfer: ``from``, ``to``, or ``above`` one of them, since it was late."""

    __tablename__ = "transfer_party"
    __table_args__ = (
        UniqueConstraint("transfer_id", "org_id", "side"),
        CheckConstraint("side IN ('from', 'to', 'above')", name="side"),
    )

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("transfer.id"))
    side: Mapped[str] = c_text()


class TransferBatch(Identified, OrgPair, Base):
    """Transfers that belong together: a class that graduates. Its organisation is the one that sends.

    :ivar source: what made it, so that the parts of one import or task come into one batch.
    """

    __tablename__ = "transfer_batch"
    __table_args__ = (
        UniqueConstraint("org_id", "source"),
        Index("ix_transfer_batch_created_at_id", "created_at", "id"),
    )

    title: Mapped[str]
    source: Mapped[str] = c_text()
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class TransferNote(Identified, Base):
    """Why it takes longer, said by the side that decides; sender and member read it. Append-only.

    :ivar step: where it stood. :ivar org_name: who said it, as it was called then.
    """

    __tablename__ = "transfer_note"
    __table_args__ = (Index("ix_transfer_note_transfer_id_at", "transfer_id", "at"),)

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("transfer.id"))
    at: Mapped[datetime]
    step: Mapped[str] = c_text()
    org_name: Mapped[str]
    account_id: Mapped[UUID | None]
    text: Mapped[str]


class TransferMessage(Identified, Scoped, Base):
    """A message between two trees, as one side keeps it: going ``out``, or come ``in``.

    :ivar message_id: the same on both sides: what came in twice is taken once. :ivar to_code: whom it goes to.
    :ivar kind: ``offer``, ``accept``, ``refuse``, ``recall`` or ``recalled``.
    :ivar body: sealed; the readable part is only what is needed to deliver it.
    :ivar done_at: delivered (out), or acted upon (in). :ivar error: why it could not be, the last time it was tried.
    """

    __tablename__ = "transfer_message"
    __table_args__ = (
        UniqueConstraint("message_id", "direction"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        CheckConstraint("kind IN ('offer', 'accept', 'refuse', 'recall', 'recalled')", name="kind"),
        Index("ix_transfer_message_waiting", "direction", "id", postgresql_where=text("done_at IS NULL")),
        Index("ix_transfer_message_crossing_id", "crossing_id", "id"),
    )

    message_id: Mapped[UUID]
    crossing_id: Mapped[UUID]
    direction: Mapped[str] = c_text()
    kind: Mapped[str] = c_text()
    from_code: Mapped[str] = c_text()
    to_code: Mapped[str] = c_text()
    body: Mapped[bytes | None] = sealed("transfers.message")
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(default="", server_default="")
