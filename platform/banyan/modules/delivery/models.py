"""What goes out: the words once, a row for each recipient, and where webhooks of an organisation lead. All `Scoped`.

No address can be read here: recipients are sealed, and shown by their mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.sealing import indexed, sealed

RECIPIENT = "delivery.recipient"
WEBHOOK_SECRET = "delivery.webhook"  # noqa: S105 - what a secret is sealed for, not one
URGENT, ORDINARY = 0, 1


def unique(address: str, target_id: UUID | None) -> str:
    """What makes two recipients of the same words the same one: the address, or the webhook."""
    return str(target_id) if target_id else address.casefold()


def _indexed(address: str, row: Mapping[str, Any]) -> str:
    return unique(address, row["target_id"])


class OutgoingContent(Identified, Scoped, Base):
    """The words of a message, whoever and however many get it.

    :ivar thing_type: with ``thing_id``, what it belongs to: a notice, for instance.
    :ivar data: what a webhook is told beside the words.
    """

    __tablename__ = "outgoing_content"
    __table_args__ = (
        Index("ix_outgoing_content_thing", "thing_type", "thing_id"),
        Index("ix_outgoing_content_created_at", "created_at"),
    )

    subject: Mapped[str]
    body: Mapped[str]
    html: Mapped[str] = mapped_column(default="", server_default="")
    link: Mapped[str] = mapped_column(default="", server_default="")
    thing_type: Mapped[str] = c_text(default="", server_default="")
    thing_id: Mapped[str] = c_text(default="", server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class OutgoingMessage(Identified, Scoped, Base):
    """A message to one recipient.

    :ivar lane: ``URGENT`` goes before ``ORDINARY``. :ivar mask: what is shown of the recipient.
    :ivar recipient_index: the same address gets the same words once.
    :ivar state: ``queued``; ``sending`` while a worker holds it with ``claim``; ``sent``; ``failed`` until ``next_at``;
        ``given_up``; ``withdrawn`` before it went out.
    :ivar provider_id: what the provider calls it; ``page``: it went to the operator's page.
    """

    __tablename__ = "outgoing_message"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'sms', 'webhook')", name="channel"),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'given_up', 'withdrawn')", name="state"),
        UniqueConstraint("content_id", "channel", "recipient_index"),
        Index(
            "ix_outgoing_message_due",
            *("channel", "lane", "next_at", "id"),
            postgresql_where=text("state IN ('queued', 'failed')"),
        ),
        Index("ix_outgoing_message_held", "claimed_at", postgresql_where=text("state = 'sending'")),
        Index("ix_outgoing_message_channel_claimed_at", "channel", "claimed_at"),
        Index("ix_outgoing_message_created_at_id", "created_at", "id"),
        Index(
            "ix_outgoing_message_unwell", "created_at", "id", postgresql_where=text("state IN ('failed', 'given_up')")
        ),
        Index("ix_outgoing_message_person_id", "person_id", postgresql_where=text("person_id IS NOT NULL")),
        Index("ix_outgoing_message_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_outgoing_message_target_id", "target_id", postgresql_where=text("target_id IS NOT NULL")),
    )

    content_id: Mapped[UUID] = mapped_column(ForeignKey("outgoing_content.id", ondelete="CASCADE"))
    channel: Mapped[str] = c_text()
    lane: Mapped[int] = mapped_column(SmallInteger, default=ORDINARY)
    recipient_sealed: Mapped[bytes | None] = sealed(RECIPIENT)
    recipient_index: Mapped[bytes | None] = indexed(RECIPIENT, made_of=_indexed)
    mask: Mapped[str]
    account_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_target.id"))
    state: Mapped[str] = c_text(default="queued")
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[datetime]
    claim: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="", server_default="")
    provider_id: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]


class WebhookTarget(Identified, Versioned, Scoped, Base):
    """Where an organisation wants to be told, machine to machine.

    :ivar secret_sealed: signs what is sent there. :ivar active: nothing is sent there otherwise.
    """

    __tablename__ = "webhook_target"
    __table_args__ = (Index("ix_webhook_target_created_at_id", "created_at", "id"),)

    name: Mapped[str]
    url: Mapped[str]
    secret_sealed: Mapped[bytes] = sealed(WEBHOOK_SECRET, nullable=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
