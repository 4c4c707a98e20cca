"""Checking, writing, and the rule by which files and rows of imports are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import LIVE, Job, LongTask, Progress, TaskRun
from banyan.kernel.runtime import runtime
from banyan.modules.imports.models import Import
from banyan.modules.imports.services import checking, matching, runs, writing
from banyan.modules.imports.services.pace import Stopped

# They hold what people typed; who wants to know what an import did later reads the audit log.
KEPT = timedelta(days=30)
BATCH = 50
log = structlog.get_logger(__name__)


def check(task: TaskRun) -> Iterator[Progress]:
    """Read and check a file."""
    try:
        yield from checking.run(task)
    except Stopped:
        task.ctx.session.rollback()
        yield Progress(0, 0)


def write(task: TaskRun) -> Iterator[Progress]:
    """Write what was confirmed."""
    try:
        yield from writing.run(task)
    except Stopped:
        task.ctx.session.rollback()
        yield Progress(0, 0)


def purge(ctx: Context) -> None:
    """Delete files and rows of imports that are older than `KEPT`; those that nobody confirmed are discarded."""
    over = ctx.clock.now() - KEPT
    old = ctx.session.scalars(
        select(Import)
        .outerjoin(LongTask, LongTask.id == Import.task_id)
        .where(Import.purged_at.is_(None), Import.created_at < over)
        .where(LongTask.id.is_(None) | LongTask.state.not_in(LIVE))
        .limit(BATCH)
    ).all()
    for run in old:
        runs.purge(ctx, runtime().store, run)
        if run.finished_at is None:
            run.state, run.finished_at = "done" if run.written else "discarded", ctx.clock.now()
    log.info("purged", table=Import.__tablename__, rows=len(old))


CHECK = Job(matching.CHECK, lazy("Check of an import"), handler=check)
WRITE = Job(writing.WRITE, lazy("Import"), handler=write)
PURGE = Job(
    "imports.purge",
    lazy("Delete old files of imports and their rows"),
    periodic=purge,
    cron="23 * * * *",
    reason="old imports of every organisation",
)
JOBS = (CHECK, WRITE, PURGE)
