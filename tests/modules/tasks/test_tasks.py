"""Long tasks as people see them: their own always, those of others with the permission; stopping, results, purging."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.files import StoredFile
from banyan.kernel.jobs import Job, LongTask, Progress, TaskRun, start
from banyan.kernel.values import Actor
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tasks.jobs import KEPT, purge
from banyan.modules.tenancy.models import Org
from tests.factories import World


@pytest.fixture
def county(world: World) -> Org:
    return world.org(world.org(code="province"), "county")


def started(world: World, account: Account, org: Org, kind: str = "tasks.export") -> LongTask:
    ctx = world.context(account, org)
    with ctx.session:
        task = start(ctx, kind, "Organisations", org.ref, {"permission": "tenancy.org:export"}, language="en")
        ctx.session.commit()
    return task


def url(task: LongTask, code: str = "county", rest: str = "") -> str:
    return f"/api/v1/orgs/{code}/tasks/{task.id}{rest}"


def writing(runner: Runner, steps: int = 3, *, fails: bool = False) -> Runner:
    """The runner with a job that writes a file in ``steps`` steps."""

    def handler(run: TaskRun) -> Iterator[Progress]:
        for step in range(steps):
            yield Progress(step + 1, steps, problems=({"row": step, "reason": "x"},))
        if fails:
            raise RuntimeError("broken")
        run.result, run.result_name = run.folder / "export.xlsx", "list.xlsx"
        run.result.write_bytes(b"PK")

    return replace(runner, jobs={**runner.jobs, "tasks.export": Job("tasks.export", "x", handler=handler)})


def test_one_sees_ones_own_task_without_the_permission(client: FlaskClient, world: World, county: Org) -> None:
    member = world.admin(county, role="member")
    own, others = started(world, member, county), started(world, world.admin(county), county)
    headers = world.token(member)

    assert client.get(url(own), headers=headers).status_code == 200
    assert client.get(url(others), headers=headers).status_code == 403
    assert client.post(url(others, rest="/cancel"), headers=headers).status_code == 403
    assert client.post(url(own, rest="/cancel"), headers=headers).status_code == 200


def test_a_task_is_found_at_its_own_organisation_alone(client: FlaskClient, world: World, county: Org) -> None:
    admin = world.admin(world.session.scalars(select(Org).where(Org.code == "province")).one())
    task, headers = started(world, admin, county), world.token(admin)
    stranger = world.token(world.admin(world.org(code="elsewhere")))

    assert client.get(url(task), headers=headers).status_code == 200
    assert client.get(url(task, "province"), headers=headers).status_code == 404
    for code in ("county", "elsewhere"):
        for path in ("", "/result"):
            assert client.get(url(task, code, path), headers=stranger).status_code == 404
        assert client.post(url(task, code, "/cancel"), headers=stranger).status_code == 404


def test_the_list_shows_those_below_newest_first(
    client: FlaskClient, world: World, county: Org, clock: FixedClock
) -> None:
    province = world.session.scalars(select(Org).where(Org.code == "province")).one()
    admin = world.admin(province)
    first = started(world, admin, county)
    clock.instant += timedelta(minutes=1)
    second = started(world, admin, province)
    elsewhere = world.org(code="elsewhere")
    started(world, world.admin(elsewhere), elsewhere)

    found = client.get("/api/v1/orgs/province/tasks", headers=world.token(admin)).get_json()["items"]

    assert [row["id"] for row in found] == [str(second.id), str(first.id)]
    assert (found[0]["state"], found[0]["organisation_code"]) == ("queued", "province")


def test_a_waiting_task_stops_at_once_and_never_runs(
    client: FlaskClient, world: World, county: Org, runner: Runner, session: ScopedSession
) -> None:
    admin = world.admin(county)
    task, headers = started(world, admin, county), world.token(admin)

    assert client.post(url(task, rest="/cancel"), headers=headers).get_json()["state"] == "cancelled"
    run_long_task(writing(runner), task.id)

    assert session.get_one(LongTask, task.id).state == "cancelled"
    assert client.post(url(task, rest="/cancel"), headers=headers).status_code == 409
    assert session.scalar(select(func.count()).where(AuditEntry.action == "tasks.task.cancel")) == 1


def test_a_running_task_stops_after_its_chunk_and_keeps_what_it_did(
    client: FlaskClient, world: World, county: Org, runner: Runner, session: ScopedSession
) -> None:
    admin = world.admin(county)
    task, headers = started(world, admin, county), world.token(admin)

    def handler(run: TaskRun) -> Iterator[Progress]:
        yield Progress(1, 3)
        assert client.post(url(task, rest="/cancel"), headers=headers).get_json()["state"] == "running"
        yield Progress(2, 3)
        raise AssertionError("it went on")

    jobs = {**runner.jobs, "tasks.export": Job("tasks.export", "x", handler=handler)}
    run_long_task(replace(runner, jobs=jobs), task.id)

    found = session.get_one(LongTask, task.id)
    assert (found.state, found.done, found.result_id) == ("cancelled", 2, None)


def test_a_task_that_fails_says_so_without_its_innards(
    client: FlaskClient, world: World, county: Org, runner: Runner
) -> None:
    admin = world.admin(county)
    task = started(world, admin, county)
    run_long_task(writing(runner, fails=True), task.id)

    found = client.get(url(task), headers=world.token(admin)).get_json()
    assert (found["state"], found["message"], found["has_result"]) == ("failed", "", False)
    assert [problem["row"] for problem in found["problems"]] == [0, 1, 2]
    panel = world.sign_in(admin).get(f"/orgs/county/tasks/{task.id}", headers={"HX-Request": "true"})
    assert panel.status_code == 200
    assert "broken" not in panel.get_data(as_text=True)


def test_a_rolled_back_request_leaves_no_job(world: World, county: Org, session: ScopedSession) -> None:
    ctx = world.context(world.admin(county), county)
    with ctx.session:
        start(ctx, "tasks.export", "x", county.ref, {}, language="en")
        ctx.session.rollback()
    assert session.scalar(select(func.count()).select_from(LongTask)) == 0
    assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0


def test_ended_tasks_and_their_files_go_after_thirty_days(
    app: Banyan, db: Database, world: World, county: Org, runner: Runner, clock: FixedClock, session: ScopedSession
) -> None:
    admin = world.admin(county)
    old, waiting = started(world, admin, county), started(world, admin, county)
    run_long_task(writing(runner), old.id)
    stored = session.scalars(select(StoredFile)).one()
    folder = Path(str(runner.store.root))  # type: ignore[attr-defined]
    held = folder / stored.key[:2] / stored.key
    assert held.exists()

    clock.instant += KEPT + timedelta(minutes=1)
    with app.app_context(), db.session(Whole("test")) as inside:
        purge(Context(inside, Actor(None, "", "job"), None, clock, "job"))
        assert held.exists()
        inside.commit()

    assert not held.exists()
    session.expire_all()
    assert session.scalars(select(LongTask.id)).all() == [waiting.id]
    assert not session.scalars(select(StoredFile)).all()


def test_a_result_cannot_be_fetched_through_the_door_of_documents(
    client: FlaskClient, world: World, county: Org, runner: Runner, session: ScopedSession
) -> None:
    admin = world.admin(county)
    run_long_task(writing(runner), started(world, admin, county).id)
    stored = session.scalars(select(StoredFile)).one()
    for who in (world.token(world.admin(county)), world.token(admin)):
        assert client.get(f"/api/v1/orgs/county/files/{stored.id}", headers=who).status_code == 404
