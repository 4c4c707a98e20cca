"""What is kept of a person's own changes: given out with everything else, and forgotten with it (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.sealing import Unreadable
from banyan.modules.people import privacy
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.services import change_values

_TOLD = ("item", "kind", "state", "reason", "answer")


def export(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Every change with its old and new value in clear."""
    return {"changes": [_plain(row) for row in _rows(ctx, person_id)]}


def _plain(row: MemberChange) -> dict[str, Any]:
    told: dict[str, Any] = {key: getattr(row, key) for key in _TOLD}
    told["asked_at"] = row.asked_at.isoformat()
    told["decided_at"] = row.decided_at.isoformat() if row.decided_at else None
    try:
        return {**told, "old": change_values.old_of(row), "new": change_values.new_of(row)}
    except Unreadable:
        return told


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Forget values and reasons; that something was asked for and answered remains."""
    rows = _rows(ctx, person_id)
    for row in rows:
        row.old_sealed = row.new_sealed = change_values.sealed({}, row.id)
        row.reason, row.proof_id, row.asked_by = "", None, None
        if row.state in ("waiting", "unchecked"):
            row.state, row.decided_at = "withdrawn", ctx.clock.now()
    ctx.session.flush()
    return {"member_change": len(rows)}


def _rows(ctx: Context, person_id: UUID) -> list[MemberChange]:
    statement = select(MemberChange).where(MemberChange.person_id == person_id).order_by(MemberChange.id)
    return list(ctx.session.scalars(statement))


privacy.EXPORTS.append(export)
privacy.ERASURES.append(erase)
