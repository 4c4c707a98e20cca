"""What transfers hear from others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.modules.people.events import MemberLeft
from banyan.modules.transfers.services import life


def on_event(ctx: Context, name: str, payload: dict[str, Any]) -> None:
    """Who has left is not transferred any more."""
    if name == MemberLeft.NAME:
        life.left(ctx, UUID(payload["member_id"]))
