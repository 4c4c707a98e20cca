"""The worker: runs long tasks chunk by chunk, periodic jobs, and takes up what a killed worker left."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import procrastinate
import structlog
from sqlalchemy import select, update

from banyan.kernel import files
from banyan.kernel.clock import Clock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Scope, Subtree, Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.errors import DomainError
from banyan.kernel.i18n import DEFAULT_LANGUAGE
from banyan.kernel.jobs import LIVE, QUEUE, RUN_TASK, Job, LongTask, Progress, TaskRun, enqueue
from banyan.kernel.values import NOBODY, Actor

STALLED_AFTER = timedelta(seconds=120)
PAUSE_SECONDS = 20
FAILED_KEPT_HOURS = 30 * 24
log = structlog.get_logger(__name__)
ActorOf = Callable[[ScopedSession, UUID | None, UUID | None], Actor]


def _untold(_job: str, _error: BaseException) -> None:
    """Nobody but the log is told."""


def _never(_session: ScopedSession, _job: str) -> bool:
    return False


def _running() -> bool:
    return False


def _admitted(_ctx: Context, _kind: str) -> None:
    """Every task may run."""


@dataclass
class Runner:
    """What a worker needs to run jobs.

    :ivar actor_of: the actor who started a task, with the grants valid now: of an account, within a token's limits.
    :ivar stopping: set when the worker is told to end; tasks go back into the queue at their next chunk.
    :ivar scene: what stands around a job, given the language of who started it: the application's context.
    :ivar failed: told of a job that failed on our side. :ivar stopped: whether a job is not to run at present, asked
        in the transaction of the run. :ivar admit: raises where a long task is not to go on, asked at every chunk.
    :ivar paused: whether nothing may be written at present: tasks wait at the end of their chunk, asked at every one.
    """

    db: Database
    clock: Clock
    store: files.FileStore
    jobs: Mapping[str, Job]
    actor_of: ActorOf
    stopping: threading.Event
    scene: Callable[[str], AbstractContextManager[object]] = nullcontext
    failed: Callable[[str, BaseException], None] = _untold
    stopped: Callable[[ScopedSession, str], bool] = _never
    admit: Callable[[Context, str], None] = _admitted
    paused: Callable[[], bool] = _running

    def context(self, session: ScopedSession, actor: Actor, task: LongTask | None = None) -> Context:
        """The context of a job: the same road as a request from its fifth step."""
        request_id = task.request_id if task else "job"
        return Context(session, actor, task.org if task else None, self.clock, request_id)


class Superseded(Exception):
    """Another start of the same task holds the newer fencing token."""


def run_long_task(runner: Runner, task_id: UUID) -> None:
    """Run or resume one long task; every chunk commits with its progress, or nothing of it."""
    if runner.paused():
        _put_off(runner, task_id)
        return
    taken = _take(runner, task_id)
    if taken is None:
        return
    fence, scope, language = taken
    with runner.scene(language), runner.db.session(scope) as session:
        task = session.get_one(LongTask, task_id)
        ctx = runner.context(session, runner.actor_of(session, task.created_by, task.token_id), task)
        run, kind = TaskRun(ctx, task, runner.store), task.kind
        try:
            _chunks(runner, run, fence)
        except Superseded:
            session.rollback()
            log.warning("long task superseded", task=str(task_id), fence=fence)
        except DomainError as error:
            session.rollback()
            if _held(session, task_id, fence):
                _end(runner, run, fence, "failed", str(error))
        except Exception as error:
            session.rollback()
            if _held(session, task_id, fence):
                log.exception("long task failed", task=str(task_id), kind=kind)
                _end(runner, run, fence, "failed", "")
                runner.failed(kind, error)
        finally:
            shutil.rmtree(run.folder, ignore_errors=True)


def _put_off(runner: Runner, task_id: UUID) -> None:
    """Look again in a while."""
    with runner.db.session(Whole("a long task waits for the end of maintenance")) as session:
        enqueue(runner.context(session, NOBODY), RUN_TASK, after=PAUSE_SECONDS, task_id=str(task_id))
        session.commit()


def _held(session: ScopedSession, task_id: UUID, fence: int) -> bool:
    """Whether a task is still this start's; one that moved away with its organisation goes on there, unfailed."""
    found = session.scalar(select(LongTask.id).where(LongTask.id == task_id, LongTask.fence == fence)) is not None
    if not found:
        log.warning("long task superseded", task=str(task_id), fence=fence)
    return found


def _take(runner: Runner, task_id: UUID) -> tuple[int, Scope, str] | None:
    with runner.db.session(Whole("taking up a long task")) as session:
        task = session.get(LongTask, task_id, with_for_update=True)
        if task is None or task.state not in LIVE:
            return None
        task.fence += 1
        task.beat_at = runner.clock.now()
        if task.cancel_asked:
            task.state, task.finished_at = "cancelled", runner.clock.now()
            session.commit()
            return None
        task.state = "running"
        taken = task.fence, Subtree(task.org), task.language
        session.commit()
    return taken


def _chunks(runner: Runner, run: TaskRun, fence: int) -> None:
    handler = runner.jobs[run.task.kind].handler
    if handler is None:
        raise LookupError(f"job {run.task.kind!r} has no handler")
    runner.admit(run.ctx, run.task.kind)
    for progress in handler(run):
        runner.admit(run.ctx, run.task.kind)
        _commit(runner, run, fence, progress)
        if run.task.cancel_asked:
            _end(runner, run, fence, "cancelled", "")
            return
        if runner.stopping.is_set() or runner.paused():
            _back_to_queue(run, fence, after=0 if runner.stopping.is_set() else PAUSE_SECONDS)
            return
    _end(runner, run, fence, "done", "")


def _commit(runner: Runner, run: TaskRun, fence: int, progress: Progress) -> None:
    task, session = run.task, run.ctx.session
    values: dict[str, object] = {"done": progress.done, "total": progress.total, "beat_at": runner.clock.now()}
    if progress.memory is not None:
        values["memory"] = progress.memory
    if progress.problems:
        values["problems"] = [*task.problems, *progress.problems][:1000]
    _guarded(session, task, fence, values)
    session.commit()
    session.refresh(task)


def _guarded(session: ScopedSession, task: LongTask, fence: int, values: dict[str, object]) -> None:
    session.flush()
    changed = session.execute(
        update(LongTask)
        .where(LongTask.id == task.id, LongTask.fence == fence, LongTask.state == "running")
        .values(values)
        .returning(LongTask.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise Superseded


def _end(runner: Runner, run: TaskRun, fence: int, state: str, message: str) -> None:
    session, task = run.ctx.session, run.task
    now = runner.clock.now()
    values: dict[str, object] = {"state": state, "message": message, "finished_at": now, "beat_at": now}
    key = ""
    if state == "done" and run.result is not None:
        stored = files.keep(run.ctx, runner.store, task.org, files.produced(run.result, run.result_name))
        session.flush()
        values["result_id"], key = stored.id, stored.key
    try:
        _guarded(session, task, fence, values)
        session.commit()
    except Superseded:
        session.rollback()
        if key:
            runner.store.delete(key)


def _back_to_queue(run: TaskRun, fence: int, *, after: int) -> None:
    _guarded(run.ctx.session, run.task, fence, {"state": "queued"})
    enqueue(run.ctx, RUN_TASK, after=after, task_id=str(run.task.id))
    run.ctx.session.commit()


def rescue(ctx: Context) -> None:
    """Put long tasks whose worker fell silent back into the queue; their old worker can commit nothing more."""
    silent = ctx.clock.now() - STALLED_AFTER
    stalled = ctx.session.scalars(
        select(LongTask).where(LongTask.state == "running", LongTask.beat_at < silent).with_for_update(skip_locked=True)
    ).all()
    for task in stalled:
        task.state = "queued"
        task.fence += 1
        log.warning("long task rescued", task=str(task.id), kind=task.kind)
        enqueue(ctx, RUN_TASK, task_id=str(task.id))


def run_periodic(runner: Runner, job: Job) -> None:
    """Run a periodic job in one transaction that sees everything, for the reason the job states."""
    if job.periodic is None:
        raise LookupError(f"job {job.name!r} is not periodic")
    if not job.always and runner.paused():
        return
    with runner.scene(DEFAULT_LANGUAGE), runner.db.session(Whole(job.reason)) as session:
        if runner.stopped(session, job.name):
            return
        try:
            job.periodic(runner.context(session, Actor(None, job.name, "job")))
            session.commit()
        except Exception as error:
            session.rollback()
            runner.failed(job.name, error)
            raise


RESCUER = Job(
    "kernel.rescuer",
    "Rescuer",
    periodic=rescue,
    cron="* * * * *",
    reason="stalled tasks of every organisation",
    always=True,
)


def build(runner: Runner, conninfo: str) -> procrastinate.App:
    """The procrastinate application of a worker process.

    :param conninfo: URL of ``banyan_app`` on a direct connection (LISTEN/NOTIFY needs one).
    """
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))

    @app.task(name=RUN_TASK, queue=QUEUE)
    def run_task(task_id: str) -> None:
        run_long_task(runner, UUID(task_id))

    for job in (RESCUER, *runner.jobs.values()):
        if job.periodic is not None:
            _schedule(app, runner, job)
    return app


def _schedule(app: procrastinate.App, runner: Runner, job: Job) -> None:
    def run(timestamp: int = 0) -> None:
        run_periodic(runner, job)

    task = app.task(name=job.name, queue=QUEUE, queueing_lock=job.name, lock=job.name)(run)
    if job.cron:
        app.periodic(cron=job.cron)(task)


async def tidy(app: procrastinate.App) -> None:
    """Fail queue entries of workers that are gone, so that their locks are free; rescued work has new entries.

    Entries that failed are kept `FAILED_KEPT_HOURS` for whoever looks into them.
    """
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER.total_seconds()):
        await app.job_manager.finish_job(stalled, status=procrastinate.jobs.Status.FAILED, delete_job=True)
    await app.job_manager.delete_old_jobs(
        nb_hours=FAILED_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
