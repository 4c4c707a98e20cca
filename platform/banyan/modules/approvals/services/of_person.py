"""Requests that a person handed in, answered, or that were about the person (PPL-07).

That something was asked and how it was decided stays; what was said about the person goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from banyan.kernel.context import Context
from banyan.kernel.events import OutboxEvent
from banyan.modules.accounts.services.of_person import accounts_of
from banyan.modules.approvals.models import ApprovalDelegation, ApprovalDesk, ApprovalEntry, ApprovalRequest

NOTHING = "—"
OPEN = ("open", "returned")


def held(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Requests handed in with accounts of the person, and what the person decided."""
    ids = _accounts(ctx, person_id)
    asked = ctx.session.scalars(select(ApprovalRequest).where(ApprovalRequest.asked_by.in_(ids)))
    said = ctx.session.scalars(
        select(ApprovalEntry).where(or_(ApprovalEntry.account_id.in_(ids), ApprovalEntry.behalf_id.in_(ids)))
    )
    stood_in = ctx.session.scalars(select(ApprovalDelegation).where(_delegations(ids)))
    found = {
        "requests": [_told(row, ("flow", "title", "state", "asked_at", "closed_at")) for row in asked],
        "history": [_told(row, ("at", "act", "step", "opinion", "explanation")) for row in said],
        "deputies": [_told(row, ("not_before", "not_after", "note")) for row in stood_in],
    }
    return {key: rows for key, rows in found.items() if rows}


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Empty the requests that the person handed in; end whatever the person stood in for."""
    ids = _accounts(ctx, person_id)
    if not ids:
        return {}
    rows = forget(ctx, ApprovalRequest.asked_by.in_(ids))
    ended = func.coalesce(ApprovalDelegation.ended_at, ctx.clock.now())
    gone = update(ApprovalDelegation).where(_delegations(ids)).values(note="", ended_at=ended)
    stood_in = ctx.session.execute(gone.returning(ApprovalDelegation.id).execution_options(synchronize_session=False))
    return {"approval_request": rows, "approval_delegation": len(stood_in.all())}


def forget(ctx: Context, which: ColumnElement[bool]) -> int:
    """Take out of requests what they say about somebody: their title, details, and what a module kept with them.

    Modules above call it for requests about a person of theirs. :return: how many requests.
    """
    ids = ctx.session.scalars(select(ApprovalRequest.id).where(which)).all()
    ctx.session.execute(
        update(ApprovalRequest)
        .where(ApprovalRequest.id.in_(ids))
        .values(title=NOTHING, details=[], data={}, version=ApprovalRequest.version + 1)
        .execution_options(synchronize_session=False)
    )
    ctx.session.execute(
        update(ApprovalDesk)
        .where(ApprovalDesk.request_id.in_(ids))
        .values(title=NOTHING)
        .execution_options(synchronize_session=False)
    )
    _forget_events(ctx, [str(one) for one in ids])
    return len(ids)


def _forget_events(ctx: Context, ids: Sequence[str]) -> None:
    """Events that wait or have been delivered lately carry the title of their request."""
    of_these = OutboxEvent.payload["request_id"].astext.in_(ids) & OutboxEvent.payload.has_key("title")
    told = OutboxEvent.payload.op("||")(cast({"title": NOTHING}, JSONB))
    ctx.session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.name.startswith("approvals."), of_these)
        .values(payload=told)
        .execution_options(synchronize_session=False)
    )


def waiting(ctx: Context, person_id: UUID, but: str) -> int:
    """How many requests that the person handed in are not decided yet, those of the flow ``but`` left out."""
    ids = _accounts(ctx, person_id)
    statement = select(func.count()).where(
        ApprovalRequest.asked_by.in_(ids), ApprovalRequest.state.in_(OPEN), ApprovalRequest.flow != but
    )
    return int(ctx.session.scalar(statement) or 0)


def _accounts(ctx: Context, person_id: UUID) -> Sequence[UUID]:
    return [account.id for account in accounts_of(ctx, person_id)]


def _delegations(ids: Sequence[UUID]) -> ColumnElement[bool]:
    return or_(ApprovalDelegation.delegator_id.in_(ids), ApprovalDelegation.deputy_id.in_(ids))


def _told(row: Any, keys: Sequence[str]) -> dict[str, Any]:
    return {key: None if (value := getattr(row, key)) is None else str(value) for key in keys}
