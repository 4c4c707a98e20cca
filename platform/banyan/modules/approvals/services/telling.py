"""What follows on an act: the audit log, and the module that declared the flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.flows import Act, Flow, Outcome
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.rules import Move
from banyan.modules.approvals.services import desks
from banyan.modules.approvals.services.history import NOTHING, Said
from banyan.modules.approvals.services.seats import Seat
from banyan.modules.audit.services import Subject, record


def subject(request: ApprovalRequest) -> Subject:
    """A request as the audit log names it."""
    return Subject("approval", str(request.id), request.title)


def audited(
    ctx: Context,
    request: ApprovalRequest,
    act: Act,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an act to the audit log, at the organisation that asks."""
    record(ctx, f"approvals.request.{act.value}", subject(request), org=request.org, before=before, after=after)


def heard(
    ctx: Context,
    request: ApprovalRequest,
    flow: Flow,
    move: Move,
    *,
    step: str = "",
    seat: Seat | None = None,
    said: Said = NOTHING,
) -> None:
    """Tell the flow, in this transaction; what it raises undoes the act."""
    if move.heard is None:
        return
    ctx.session.flush()
    flow.heard(
        ctx,
        Outcome(
            kind=move.heard,
            request_id=request.id,
            flow=request.flow,
            subject_type=request.subject_type,
            subject_id=request.subject_id,
            title=request.title,
            sides=desks.sides_of(ctx, request.sides),
            data=request.data,
            step=step,
            opinion=said.opinion,
            asked_by=request.asked_by,
            actor_id=ctx.actor.account_id,
            on_behalf_of=seat.behalf_id if seat else None,
            at=ctx.clock.now(),
            late=said.late,
            pieces=said.pieces,
        ),
    )
