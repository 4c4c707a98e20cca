"""The worker: chunks commit with their progress or not at all, and what a killed worker left is taken up again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import procrastinate
import pytest
from sqlalchemy import func, select, text, update

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.counting import StatDelta, count
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.jobs import RUN_TASK, Job, LongTask, Progress, TaskRun, start
from banyan.kernel.values import Actor
from banyan.kernel.worker import STALLED_AFTER, Runner, build, rescue, run_long_task, run_periodic, tidy
from banyan.modules.accounts.services.behalf import actor_of
from banyan.modules.tenancy.models import Org
from tests.factories import World

KIND = "tests.work"


@pytest.fixture
def runner(app: Banyan) -> Runner:
    return runner_of(app, threading.Event())


@pytest.fixture
def org(world: World) -> Org:
    return world.org(world.org(code="root"), "place")


@pytest.fixture
def task(world: World, org: Org) -> LongTask:
    ctx = world.context(world.admin(org), org)
    with ctx.session:
        found = start(ctx, KIND, "Work", org.ref, {}, language="en")
        ctx.session.commit()
    return found


def with_handler(runner: Runner, handler: Callable[[TaskRun], Iterator[Progress]]) -> Runner:
    return replace(runner, jobs={KIND: Job(KIND, "Work", handler=handler)})


def counted(session: ScopedSession) -> int:
    session.expire_all()
    return int(session.scalar(select(func.coalesce(func.sum(StatDelta.n), 0)).where(StatDelta.metric == "work")) or 0)


def state(session: ScopedSession, task: LongTask) -> str:
    session.expire_all()
    return session.get_one(LongTask, task.id).state


def queued(session: ScopedSession) -> int:
    session.rollback()
    found = session.scalar(
        text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name AND status = 'todo'"), {"name": RUN_TASK}
    )
    return int(found or 0)


def counting(run: TaskRun, steps: int = 4) -> Iterator[Progress]:
    """Counts one a step, and goes on after the last committed step."""
    for step in range(run.memory.get("step", 0), steps):
        count(run.ctx.session, run.task.org, "work")
        yield Progress(step + 1, steps, {"step": step + 1})


def test_a_task_runs_within_its_organisation_for_who_started_it(
    runner: Runner, task: LongTask, org: Org, session: ScopedSession
) -> None:
    seen: list[Any] = []

    def handler(run: TaskRun) -> Iterator[Progress]:
        seen.append((run.ctx.session.scope.lo, run.ctx.here, run.ctx.actor.account_id, len(run.ctx.actor.grants)))
        yield from counting(run)

    run_long_task(with_handler(runner, handler), task.id)

    assert seen == [(org.path, org.ref, task.created_by, 1)]
    assert (state(session, task), counted(session)) == ("done", 4)


def test_a_paused_worker_whose_task_was_taken_up_again_can_commit_nothing_more(
    runner: Runner, task: LongTask, clock: FixedClock, session: ScopedSession, db: Database
) -> None:
    def paused(run: TaskRun) -> Iterator[Progress]:
        count(run.ctx.session, run.task.org, "work")
        yield Progress(1, 4, {"step": 1})
        count(run.ctx.session, run.task.org, "work", 100)
        clock.instant += STALLED_AFTER + timedelta(seconds=1)
        with db.session(Whole("test")) as other:
            rescue(Context(other, Actor(None, "", "job"), None, clock, "job"))
            other.commit()
        run_long_task(with_handler(runner, counting), task.id)
        yield Progress(2, 4, {"step": 2})
        raise AssertionError("it went on")

    run_long_task(with_handler(runner, paused), task.id)

    assert (state(session, task), counted(session)) == ("done", 4)


def test_a_chunk_that_fails_leaves_nothing_and_the_ones_before_it_stay(
    runner: Runner, task: LongTask, session: ScopedSession
) -> None:
    def handler(run: TaskRun) -> Iterator[Progress]:
        count(run.ctx.session, run.task.org, "work")
        yield Progress(1, 2)
        count(run.ctx.session, run.task.org, "work", 100)
        run.ctx.session.flush()
        raise RuntimeError("broken")

    run_long_task(with_handler(runner, handler), task.id)

    assert (state(session, task), counted(session)) == ("failed", 1)


def test_a_stopping_worker_puts_the_task_back_and_the_next_one_goes_on_from_there(
    runner: Runner, task: LongTask, session: ScopedSession
) -> None:
    stopping = replace(with_handler(runner, counting), stopping=threading.Event())
    stopping.stopping.set()
    run_long_task(stopping, task.id)
    assert (state(session, task), counted(session), queued(session)) == ("queued", 1, 2)

    run_long_task(with_handler(runner, counting), task.id)

    assert (state(session, task), counted(session)) == ("done", 4)


def test_a_task_that_ended_is_not_run_again(runner: Runner, task: LongTask, session: ScopedSession) -> None:
    run_long_task(with_handler(runner, counting), task.id)
    run_long_task(with_handler(runner, counting), task.id)
    assert counted(session) == 4


def test_the_rescuer_leaves_those_alone_that_still_move(
    runner: Runner, task: LongTask, clock: FixedClock, session: ScopedSession
) -> None:
    session.execute(update(LongTask).values(state="running", beat_at=clock.now() - timedelta(seconds=60)))
    session.commit()
    rescue(Context(session, Actor(None, "", "job"), None, clock, "job"))
    session.commit()
    assert state(session, task) == "running"


def test_a_periodic_job_commits_as_one(runner: Runner, org: Org, session: ScopedSession) -> None:
    def work(ctx: Context) -> None:
        count(ctx.session, org.ref, "work")

    def broken(ctx: Context) -> None:
        work(ctx)
        raise RuntimeError("broken")

    run_periodic(runner, Job("tests.tick", "Tick", periodic=work, cron="* * * * *", reason="a test"))
    with pytest.raises(RuntimeError):
        run_periodic(runner, Job("tests.tock", "Tock", periodic=broken, cron="* * * * *", reason="a test"))
    assert counted(session) == 1


def test_a_suspended_account_acts_for_nobody(app: Banyan, world: World, org: Org, session: ScopedSession) -> None:
    account = world.admin(org)
    with app.app_context():
        assert len(actor_of(session, account.id).grants) == 1
        account.status = "suspended"
        session.commit()
        assert actor_of(session, account.id).grants == ()
        assert actor_of(session, None).account_id is None


WORKER = """
import asyncio, sys
from pathlib import Path
from banyan.app import create_app
from banyan.cli.worker import work
from banyan.kernel import exports, tables
from banyan.kernel.settings import Settings

home, url, slow = sys.argv[1:]
if slow == "slow":
    import time
    exports.CHUNK = 1
    real = exports.page_of
    def page_of(*arguments):
        time.sleep(0.05)
        return real(*arguments)
    exports.page_of = page_of
settings = Settings.from_env({"BANYAN_HOME": home, "BANYAN_POOL_SIZE": "6"})
asyncio.run(work(create_app(settings, app_url=url), settings, url))
"""


def worker(home: Path, url: str, pace: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(home), url, pace], env={**os.environ})


def wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


@pytest.mark.slow
def test_an_export_whose_worker_is_killed_is_taken_up_by_the_next_one(
    urls: Urls, home: Path, world: World, org: Org, runner: Runner, session: ScopedSession, clock: FixedClock
) -> None:
    for number in range(60):
        world.org(org, name=f"村{number:02d}")
    ctx = world.context(world.admin(org), org)
    arguments = {"list": "organisations", "filters": {}, "sort": "", "permission": "tenancy.org:export"}
    with ctx.session:
        task = start(ctx, "tasks.export", "Organisations", org.ref, arguments, language="zh_Hans")
        ctx.session.commit()

    def progress() -> LongTask:
        session.rollback()
        session.expire_all()
        return session.get_one(LongTask, task.id)

    first = worker(home, urls.app, "slow")
    try:
        wait_for(lambda: progress().done > 5)
        os.kill(first.pid, signal.SIGKILL)
    finally:
        first.kill()
        first.wait()
    assert progress().state == "running"
    fence = progress().fence
    session.execute(update(LongTask).values(beat_at=progress().beat_at - timedelta(days=1)))
    session.commit()
    rescue(Context(session, Actor(None, "", "job"), None, replace_now(clock, progress()), "job"))
    session.commit()

    second = worker(home, urls.app, "fast")
    try:
        wait_for(lambda: progress().state == "done")
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
    finally:
        second.kill()
        second.wait()

    found = progress()
    assert found.fence > fence + 1
    assert (found.done, found.total) == (61, 61)
    assert found.result_id is not None


def replace_now(clock: FixedClock, task: LongTask) -> FixedClock:
    """A clock at which the task's last sign of life is a day old."""
    assert task.beat_at is not None
    clock.instant = task.beat_at + timedelta(days=1)
    return clock


def test_entries_of_workers_that_are_gone_are_tidied_away(
    urls: Urls, runner: Runner, task: LongTask, session: ScopedSession
) -> None:
    session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"))
    session.commit()
    queue = build(runner, urls.app)

    async def run() -> None:
        async with queue.open_async():
            await tidy(queue)

    # In a thread of its own: a browser of another test may keep a loop running in this one.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, run()).result()
    session.rollback()
    assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")) == 0


def test_every_job_is_known_to_the_queue(urls: Urls, runner: Runner) -> None:
    queue: procrastinate.App = build(runner, urls.app)
    periodic = {name for name, job in runner.jobs.items() if job.periodic is not None}
    assert {"tasks.purge", "tasks.deliver", "tasks.forget_events", "stats.fold", "accounts.purge"} <= periodic
    assert periodic | {RUN_TASK, "kernel.rescuer"} <= set(queue.tasks)
