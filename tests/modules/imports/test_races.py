"""Imports at once on connections of their own, and a worker that is really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.embedded import Urls
from banyan.kernel.jobs import LongTask
from banyan.kernel.values import Actor
from banyan.kernel.worker import rescue, run_long_task
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.imports.models import Import
from banyan.modules.imports.services import writing
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import integrity
from tests.factories import World
from tests.modules.imports.conftest import Wizard, org_row, workbook
from tests.modules.imports.test_administrators import HEADINGS
from tests.modules.imports.test_administrators import row as person


def task_of(world: World, run: dict[str, Any]) -> UUID:
    world.session.rollback()
    found = world.session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
    assert found is not None
    return found


def at_once(app: Banyan, tasks: list[UUID]) -> None:
    """Each task in a thread with a connection of its own, all let off at the same moment."""
    ready = threading.Barrier(len(tasks))

    def work(task: UUID) -> None:
        runner = runner_of(app, threading.Event())
        ready.wait(30)
        run_long_task(runner, task)

    with ThreadPoolExecutor(len(tasks)) as pool:
        list(pool.map(work, tasks, timeout=120))


def together(world: World, wizard: Wizard, first: bytes, second: bytes) -> list[dict[str, Any]]:
    runs = [wizard.checked(data) for data in (first, second)]
    for run in runs:
        assert wizard.step(run, "confirm").status_code == 202
    at_once(world.app, [task_of(world, run) for run in runs])
    return [wizard.show(run) for run in runs]


@pytest.mark.clause("ORG-06")
def test_the_same_organisations_imported_twice_at_once_are_made_once(wizard: Wizard, world: World) -> None:
    data = workbook([org_row(f"c-{n}") for n in range(40)])
    runs = together(world, wizard, data, data)
    assert sorted((run["state"], run["written"], run["same"]) for run in runs) == [("done", 0, 40), ("done", 40, 0)]
    codes = Counter(world.session.scalars(select(Org.code).where(Org.code.like("c-%"))))
    assert codes == {f"c-{n}": 1 for n in range(40)}
    assert not list(integrity.check(world.session))


@pytest.mark.clause("ORG-06")
def test_of_files_that_share_rows_each_row_is_made_once_and_the_later_one_is_told(wizard: Wizard, world: World) -> None:
    first = workbook([org_row(f"c-{n}") for n in range(30)])
    second = workbook([org_row(f"c-{n}", name=f"另一名称{n}") for n in range(20, 50)])
    runs = together(world, wizard, first, second)
    winner, told = sorted(runs, key=lambda run: run["written"], reverse=True)
    assert (winner["state"], winner["written"]) == ("done", 30)
    assert (told["state"], told["written"], told["wrong"]) == ("checked", 0, 10), "all or nothing, and it is said why"
    wrong = wizard.rows(told, kind="wrong")
    assert len(wrong) == 10
    assert all("预览" in row["reasons"][-1]["message"] for row in wrong), wrong[0]
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Org).where(Org.code.like("c-%"))) == 30
    assert not list(integrity.check(world.session))


@pytest.mark.clause("ORG-06")
def test_administrators_that_two_files_share_are_opened_once(
    wizard: Wizard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 5)
    wizard.what = "administrators"
    first = workbook([person(f"a.{n:03d}") for n in range(20)], HEADINGS)
    second = workbook([person(f"a.{n:03d}") for n in reversed(range(10, 30))], HEADINGS)
    runs = together(world, wizard, first, second)
    assert [run["state"] for run in runs] == ["done", "done"]
    assert sum(run["written"] for run in runs) == 30
    assert sum(run["same"] for run in runs) == 10, "the later one finds them there"
    once_each(world, 30)


def once_each(world: World, number: int) -> None:
    world.session.rollback()
    accounts = list(world.session.scalars(select(Account.id).where(Account.sign_in_name.like("a.%"))))
    assert len(accounts) == number
    for column in (RoleGrant.account_id, RegistrationCode.account_id):
        held = world.session.scalars(select(column).where(column.in_(accounts)))
        assert Counter(held) == Counter(accounts), str(column)


WORKER = """
import asyncio, sys, time
from banyan.app import create_app
from banyan.cli.worker import work
from banyan.kernel.settings import Settings
from banyan.modules.imports.services import writing

home, url, pause = sys.argv[1:]
writing.CHUNK = 3
real = writing._write_chunk
def slowly(*arguments):
    real(*arguments)
    time.sleep(float(pause))
writing._write_chunk = slowly
settings = Settings.from_env({"BANYAN_HOME": home, "BANYAN_POOL_SIZE": "6"})
asyncio.run(work(create_app(settings, app_url=url), settings, url))
"""


def worker(home: Path, url: str, pause: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(home), url, str(pause)], env={**os.environ})


def wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.clause("ORG-06")
def test_a_worker_killed_between_chunks_is_followed_by_one_that_makes_nothing_twice(
    urls: Urls, home: Path, wizard: Wizard, world: World, clock: FixedClock
) -> None:
    wizard.what = "administrators"
    run = wizard.checked(workbook([person(f"a.{n:03d}") for n in range(30)], HEADINGS))
    assert wizard.step(run, "confirm").status_code == 202
    task_id = task_of(world, run)

    def task() -> LongTask:
        world.session.rollback()
        return world.session.get_one(LongTask, task_id, populate_existing=True)

    first = worker(home, urls.app, 0.3)
    try:
        wait_for(lambda: task().done >= 6)
        os.kill(first.pid, signal.SIGKILL)
    finally:
        first.kill()
        first.wait()
    left = task()
    assert (left.state, left.done < 30) == ("running", True)
    fence = left.fence
    once_each(world, left.done)
    world.session.execute(update(LongTask).values(beat_at=LongTask.beat_at - timedelta(days=1)))
    world.session.commit()
    beat = task().beat_at
    assert beat is not None
    clock.instant = beat + timedelta(days=1)
    rescue(Context(world.session, Actor(None, "", "job"), None, clock, "job"))
    world.session.commit()

    second = worker(home, urls.app, 0)
    try:
        wait_for(lambda: task().state == "done")
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
    finally:
        second.kill()
        second.wait()
    assert task().fence > fence
    shown = wizard.show(run)
    assert (shown["state"], shown["written"], shown["failed"]) == ("done", 30, 0)
    once_each(world, 30)
