"""Before the deadline a reminder, after it the organisation above: a periodic job, in chunks, once each (APR-01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.flows import Act, State
from banyan.kernel.runtime import runtime
from banyan.modules.approvals import registry, rules
from banyan.modules.approvals.events import RequestOverdue, RequestPressing, tell
from banyan.modules.approvals.models import ApprovalDesk, ApprovalRequest
from banyan.modules.approvals.services import desks, history, telling
from banyan.modules.approvals.services.history import Said

CHUNK = 100
REASON = "deadlines of requests of every organisation"
Note = Callable[[Context, ApprovalRequest, ApprovalDesk], None]
log = structlog.get_logger(__name__)


def watch(ctx: Context) -> None:
    """Remind of what is pressing and escalate what is overdue. Run twice it does nothing more; killed, it goes on."""
    _each(ctx, ApprovalDesk.remind_at, ApprovalDesk.reminded_at, remind)
    _each(ctx, ApprovalDesk.due_at, ApprovalDesk.overdue_at, escalate)


def remind(ctx: Context, request: ApprovalRequest, desk: ApprovalDesk) -> None:
    """Mark a request as pressing in the inboxes of those who decide, and tell."""
    desk.reminded_at = ctx.clock.now()
    if desk.due_at <= ctx.clock.now():
        return  # nobody is reminded of a deadline that is over already
    history.write(ctx, request, Act.REMIND, step=desk.step)
    event = RequestPressing(str(request.id), request.flow, request.title, desk.due_on.isoformat())
    tell(ctx, desk.org, event)


def escalate(ctx: Context, request: ApprovalRequest, desk: ApprovalDesk) -> None:
    """Note that a request is late; the organisation above the deciding one may decide it from now on as well."""
    desk.overdue_at = ctx.clock.now()
    flow = registry.flows().get(request.flow)
    step = registry.step_of(flow, request.step)
    if desk.above_id is None and (step is None or step.escalate):
        desks.add_above(ctx, request, desk, desks.parent(ctx, desk.org))
    history.write(ctx, request, Act.ESCALATE, step=desk.step, said=Said(late=True))
    above = str(desk.above_id or "")
    telling.audited(ctx, request, Act.ESCALATE, after={"due_on": desk.due_on})
    tell(ctx, desk.org, RequestOverdue(str(request.id), request.flow, request.title, above))
    move = rules.move(State(request.state), Act.ESCALATE, request.step, request.step + 1)
    if flow is None or move is None:
        return
    try:
        with ctx.session.begin_nested():
            telling.heard(ctx, request, flow, move, step=desk.step, said=Said(late=True))
    except Exception:
        log.exception("flow did not take a deadline", flow=flow.name, request=str(request.id))


def _each(
    ctx: Context,
    when: InstrumentedAttribute[datetime],
    noted: InstrumentedAttribute[datetime | None],
    note: Note,
) -> None:
    for identities in _chunks(ctx, when, noted):
        with runtime().db.session(Whole(REASON)) as session:
            of_chunk = replace(ctx, session=session)
            for identity in identities:
                _one(of_chunk, identity, noted, note)
            session.commit()


def _chunks(
    ctx: Context, when: InstrumentedAttribute[datetime], noted: InstrumentedAttribute[datetime | None]
) -> Iterator[list[UUID]]:
    now, last = ctx.clock.now(), None
    while True:
        statement = select(when, ApprovalDesk.id).where(when <= now, noted.is_(None))
        if last is not None:
            statement = statement.where((when > last[0]) | ((when == last[0]) & (ApprovalDesk.id > last[1])))
        with runtime().db.session(Whole(REASON)) as session:
            rows = session.execute(statement.order_by(when, ApprovalDesk.id).limit(CHUNK)).all()
        if rows:
            last = (rows[-1][0], rows[-1][1])
            yield [row[1] for row in rows]
        if len(rows) < CHUNK:
            return


def _one(ctx: Context, desk_id: UUID, noted: InstrumentedAttribute[datetime | None], note: Note) -> None:
    """The request is locked first, as deciders do; one that somebody is deciding just now is left to the next run."""
    request = ctx.session.scalar(
        select(ApprovalRequest)
        .join(ApprovalDesk, ApprovalDesk.request_id == ApprovalRequest.id)
        .where(ApprovalDesk.id == desk_id)
        .with_for_update(of=ApprovalRequest, skip_locked=True)
    )
    desk = ctx.session.get(ApprovalDesk, desk_id, populate_existing=True) if request is not None else None
    if request is not None and desk is not None and getattr(desk, noted.key) is None:
        note(ctx, request, desk)
        ctx.session.flush()
