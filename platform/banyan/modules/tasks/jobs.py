"""What is done later and by rule: exports, deliveries of events, the purge of what has been kept long enough."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.files import StoredFile, forget
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import LIVE, Job, LongTask
from banyan.kernel.runtime import runtime
from banyan.modules.tasks import exports
from banyan.plugins import delivery, manager

KEPT = timedelta(days=30)
BATCH = 500
log = structlog.get_logger(__name__)


def purge(ctx: Context) -> None:
    """Delete tasks that ended `KEPT` ago, with the files they made; bytes go once the rows are gone."""
    over = ctx.clock.now() - KEPT
    old = ctx.session.scalars(
        select(LongTask).where(LongTask.state.not_in(LIVE), LongTask.finished_at < over).limit(BATCH)
    ).all()
    results = [task.result_id for task in old if task.result_id is not None]
    for task in old:
        ctx.session.delete(task)
    ctx.session.flush()
    for stored in ctx.session.scalars(select(StoredFile).where(StoredFile.id.in_(results))):
        forget(ctx, runtime().store, stored)
    log.info("purged", table=LongTask.__tablename__, rows=len(old), files=len(results))


def deliver(ctx: Context) -> None:
    """Hand waiting events to the modules that are on where they happened."""
    delivery.deliver(runtime().db, manager.current(), ctx)


EXPORT = Job(exports.KIND, lazy("Export"), handler=exports.run)
PURGE = Job(
    "tasks.purge",
    lazy("Delete old tasks and their results"),
    periodic=purge,
    cron="*/30 * * * *",
    reason="ended tasks of every organisation",
)
DELIVER = Job(
    "tasks.deliver",
    lazy("Deliver events"),
    periodic=deliver,
    cron="* * * * *",
    reason="waiting events of every organisation",
)
FORGET_EVENTS = Job(
    "tasks.forget_events",
    lazy("Delete old events"),
    periodic=delivery.forget,
    cron="41 3 * * *",
    reason="old events of every organisation",
)

JOBS = (EXPORT, PURGE, DELIVER, FORGET_EVENTS)
