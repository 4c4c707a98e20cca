"""The verification of the chain as a job: once a week, and when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog
from sqlalchemy import select, text

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Refused
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.jobs import LIVE, Job, LongTask, Progress, TaskRun, start
from banyan.kernel.treepath import depth
from banyan.modules.audit import chain, verification
from banyan.modules.audit.services import Subject, record
from banyan.modules.audit.verification import Walk

KIND = "audit.verify"
TITLE = lazy("Verify the chain of the audit log")
log = structlog.get_logger(__name__)


def verify(ctx: Context) -> None:
    """Walk the whole chain in one go."""
    ctx.session.execute(text("SET LOCAL statement_timeout = 0"))
    started = ctx.clock.now()
    walk, found = verification.verified(ctx.session)
    verification.keep(ctx, walk, found, started)
    (log.error if found else log.info)("audit chain verified", entries=walk.entries, findings=len(found))


def ask(ctx: Context) -> LongTask:
    """Start a verification of the whole log, of every tenant, as a long task; only from the top of a tree.

    :raises Refused: the organisation of the request is not a root. :raises Conflict: one is under way there.
    """
    if depth(ctx.here.path) > 1:
        raise Refused(lazy("The chain is verified for the whole installation: from the top of the tree."))
    running = select(LongTask.id).where(LongTask.kind == KIND, LongTask.state.in_(LIVE))
    if ctx.session.scalars(running.where(LongTask.org_id == ctx.here.id).limit(1)).first() is not None:
        raise Conflict(lazy("A verification is under way already."))
    task = start(ctx, KIND, msgid(TITLE), ctx.here, {}, language=language(), total=chain.expected(ctx.session))
    record(ctx, "audit.chain.verify", Subject("task", str(task.id), str(TITLE)))
    return task


def run(task: TaskRun) -> Iterator[Progress]:
    """The long task: one window a chunk; a resumed one goes on where it stood.

    It reads every tenant's entries and shows none: what it keeps are positions, times and ids.
    """
    ctx = task.ctx
    if "verification" in task.memory:
        return
    ctx.session.execute(text("SET LOCAL statement_timeout = 0"))
    started = task.memory.get("started") or ctx.clock.now().isoformat()
    walk = Walk.loaded(task.memory["walk"]) if "walk" in task.memory else verification.begin(ctx.session)
    while walk.following:
        verification.step(ctx.session, walk)
        memory = {"started": started, "walk": walk.dumped()}
        yield Progress(walk.entries, max(task.task.total, walk.entries), memory)
        ctx.session.execute(text("SET LOCAL statement_timeout = 0"))
    found = verification.ended(ctx.session, walk)
    kept = verification.keep(ctx, walk, found, datetime.fromisoformat(started))
    yield Progress(walk.entries, walk.entries, {"verification": str(kept.id)})


VERIFY = Job(KIND, TITLE, handler=run)
WEEKLY = Job(
    "audit.verify_weekly",
    TITLE,
    periodic=verify,
    cron="23 18 * * 6",
    reason="the chain runs through the entries of every organisation",
)
JOBS = (VERIFY, WEEKLY)
