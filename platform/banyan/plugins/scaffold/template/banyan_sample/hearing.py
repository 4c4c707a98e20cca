"""What the module hears from others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banyan.sdk import Context
from sqlalchemy import select

from . import services
from .models import Note

HEARD = "tenancy.org.changed"


def hear(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    """Note that the organisation was changed. An event may come twice: its id makes sure of one note."""
    event = UUID(event_id)
    if name != HEARD or ctx.session.scalar(select(Note.id).where(Note.event_id == event)) is not None:
        return
    fields = ", ".join(sorted(str(field) for field in payload.get("fields", ())))
    services.add(ctx, ctx.here, f"{HEARD}: {fields}", event_id=event)
