"""Events of the outbox on their way to the modules: in order per organisation, at least once, each on its own.

An event goes to every module that is on where it happened and listens. While one of them fails, the event is tried
again with growing pauses and holds up the events behind it, of its organisation alone; after `MAX_TRIES` it is set
aside for the operator. What a handler wrote stays if it went well, and is undone if not: handlers are idempotent by
the event's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.events import KEPT_DAYS, MAX_TRIES, OutboxEvent
from banyan.kernel.values import Actor, OrgRef
from banyan.plugins.enablement import enabled_modules
from banyan.plugins.manager import Plugins

HOOK = "banyan_on_event"
ORGS_A_TIME = 500
EVENTS_A_TURN = 200
LONGEST_ERROR = 2_000
WAITING = (OutboxEvent.delivered_at.is_(None), OutboxEvent.set_aside_at.is_(None))
log = structlog.get_logger(__name__)


def due_at(created_at: datetime, tries: int) -> datetime:
    """When an event is to be tried next: at once, then 1, 3, 7 … minutes after it was written."""
    return created_at + timedelta(minutes=2**tries - 1)


def deliver(db: Database, plugins: Plugins, ctx: Context) -> None:
    """Deliver what waits, organisation by organisation; a turn ends at `EVENTS_A_TURN` or at an event that must wait.

    :param ctx: over everything, to find where something waits; handlers get a session of their organisation alone.
    """
    listening = plugins.implementing(HOOK)
    for org in _waiting(ctx):
        if not listening & enabled_modules(ctx.session, plugins, org):
            _nobody_listens(ctx, org)
            continue
        for _turn in range(EVENTS_A_TURN):
            if not _deliver_next(db, plugins, ctx, org):
                break


def _waiting(ctx: Context) -> Iterator[OrgRef]:
    """Organisations with waiting events, in pages of `ORGS_A_TIME` by their place."""
    last = ""
    while True:
        found = ctx.session.execute(
            select(OutboxEvent.org_path, OutboxEvent.org_id)
            .where(*WAITING, OutboxEvent.org_path > last)
            .distinct()
            .order_by(OutboxEvent.org_path)
            .limit(ORGS_A_TIME)
        ).all()
        for path, identity in found:
            yield OrgRef(identity, path)
        if len(found) < ORGS_A_TIME:
            return
        last = found[-1].org_path


def _nobody_listens(ctx: Context, org: OrgRef) -> None:
    ctx.session.execute(
        update(OutboxEvent)
        .where(*WAITING, OutboxEvent.org_id == org.id)
        .values(delivered_at=ctx.clock.now())
        .execution_options(synchronize_session=False)
    )


def _deliver_next(db: Database, plugins: Plugins, ctx: Context, org: OrgRef) -> bool:
    """Deliver the oldest waiting event of ``org`` in a transaction of its own; False when the turn is over."""
    with db.session(Subtree(org)) as session:
        event = _oldest(session, org)
        now = ctx.clock.now()
        if event is None or due_at(event.created_at, event.tries) > now:
            return False
        problems = _hand_over(session, plugins, ctx, event)
        if not problems:
            event.delivered_at = now
        else:
            event.tries += 1
            event.last_error = "\n".join(problems)[:LONGEST_ERROR]
            if event.tries >= MAX_TRIES:
                event.set_aside_at = now
                log.error("event set aside", event_id=str(event.id), event_name=event.name, error=event.last_error)
        session.commit()
        return not problems or event.set_aside_at is not None


def _oldest(session: ScopedSession, org: OrgRef) -> OutboxEvent | None:
    """The head of the queue of ``org``; None when there is none, or when somebody else is at work on it."""
    head = session.scalar(
        select(OutboxEvent.id).where(*WAITING, OutboxEvent.org_path == org.path).order_by(OutboxEvent.position).limit(1)
    )
    if head is None:
        return None
    return session.scalar(select(OutboxEvent).where(OutboxEvent.id == head, *WAITING).with_for_update(skip_locked=True))


def _hand_over(session: ScopedSession, plugins: Plugins, ctx: Context, event: OutboxEvent) -> list[str]:
    """Tell every module that is on there; returns what went wrong, by module."""
    to = Context(session, Actor(None, "tasks.deliver", "job"), event.org, ctx.clock, event.request_id)
    problems = []
    told = plugins.implementing(HOOK) & enabled_modules(session, plugins, event.org)
    for name in sorted(told):
        try:
            with session.begin_nested():
                plugins.tell(HOOK, name, ctx=to, name=event.name, event_id=str(event.id), payload=event.payload)
        except Exception as error:
            log.exception("event not taken", plugin=name, event_id=str(event.id), event_name=event.name)
            problems.append(f"{name}: {type(error).__name__}: {error}")
            plugins.report(name, HOOK, error)
    return problems


def forget(ctx: Context) -> None:
    """Delete events that were delivered or set aside and are older than `KEPT_DAYS`."""
    old = ctx.clock.now() - timedelta(days=KEPT_DAYS)
    over = or_(OutboxEvent.delivered_at.is_not(None), OutboxEvent.set_aside_at.is_not(None))
    ctx.session.execute(
        delete(OutboxEvent).where(OutboxEvent.created_at < old, over).execution_options(synchronize_session=False)
    )
