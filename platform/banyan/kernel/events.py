"""Domain events: written to an outbox in the transaction that made them true, delivered at least once afterwards."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.values import OrgRef

MAX_TRIES = 8
KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; subclasses add plain fields and name themselves ``source.subject.action``."""

    NAME: ClassVar[str] = ""

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (UUID, datetime)) else value


class OutboxEvent(Identified, Scoped, Base):
    """An event that happened.

    :ivar position: order of writing; deliveries of one organisation follow it.
    :ivar set_aside_at: it failed `MAX_TRIES` times and no longer holds up those behind it.
    """

    __tablename__ = "outbox_event"

    position: Mapped[int] = mapped_column(Identity(always=True))
    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    request_id: Mapped[str]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    set_aside_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index(
            "ix_outbox_event_waiting",
            "org_path",
            "position",
            postgresql_where=text("delivered_at IS NULL AND set_aside_at IS NULL"),
        ),
    )


def publish(ctx: Context, org: OrgRef, event: Event) -> None:
    """Write ``event`` of ``org`` to the outbox; it is delivered if and only if the transaction commits."""
    if not type(event).NAME:
        raise TypeError(f"{type(event).__name__} has no NAME")
    ctx.session.add(
        OutboxEvent(
            org_id=org.id,
            org_path=org.path,
            name=type(event).NAME,
            payload=event.payload(),
            request_id=ctx.request_id,
            created_at=ctx.clock.now(),
        )
    )
