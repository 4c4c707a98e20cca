"""What becomes of an import whose organisation is moved, merged or revoked meanwhile.

It goes along with its rows, and they are checked again at the place where they are written: what no longer fits is told
and not written. A worker that was at it when its organisation moved commits nothing more; the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from banyan.kernel.context import Context
from banyan.kernel.db.session import Database
from banyan.kernel.jobs import LongTask, Progress, TaskRun
from banyan.kernel.values import Actor
from banyan.kernel.worker import Runner, rescue
from banyan.modules.accounts.models import Account
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.services import pace, writing
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import integrity
from tests.factories import World
from tests.modules.imports.conftest import Wizard, org_row, workbook
from tests.modules.imports.test_administrators import HEADINGS
from tests.modules.imports.test_administrators import row as person
from tests.modules.tenancy.lives import DECISION, Life


@pytest.fixture
def life(world: World, client: FlaskClient, db: Database) -> Life:
    return Life.arranged(world, client, db)


@pytest.fixture
def county(life: Life, client: FlaskClient, world: World, runner: Runner) -> Wizard:
    """Somebody who imports at a county of the left city."""
    return Wizard(client, {**life.headers, "Accept-Language": "zh-Hans"}, runner, world, "county")


def villages(world: World) -> list[str]:
    world.session.rollback()
    world.session.expire_all()
    return sorted(org.path for org in world.session.scalars(select(Org).where(Org.code.like("v-%"))))


@pytest.mark.clause("ORG-03", "ORG-06")
def test_a_preview_goes_along_with_its_organisation_and_is_written_where_that_is_now(
    county: Wizard, life: Life, world: World
) -> None:
    run = county.checked(workbook([org_row("v-1", "county", level="村"), org_row("v-2", "street", level="村")]))
    assert run["new"] == 2
    assert life.do("county", "move", parent="right").status_code == 200

    run = county.written(county.show(run))
    assert (run["state"], run["written"]) == ("done", 2)
    assert len(villages(world)) == 2
    assert all(path.startswith(life.org("right").path) for path in villages(world))
    assert not list(integrity.check(world.session))


@pytest.mark.clause("ORG-03", "ORG-06")
def test_a_worker_whose_organisation_moves_commits_nothing_more_and_the_next_one_goes_on_there(
    county: Wizard, life: Life, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 2)
    monkeypatch.setattr(pace, "TELLING", 0.0)
    county.what = "administrators"
    run = county.checked(workbook([person(f"a.{n:03d}", "county") for n in range(5)], HEADINGS))
    assert county.step(run, "confirm").status_code == 202
    real = writing.run

    def moved(task: TaskRun) -> Iterator[Progress]:
        work = real(task)
        yield next(work)
        assert life.do("county", "move", parent="right").status_code == 200
        yield from work

    with monkeypatch.context() as patch:
        patch.setattr(writing, "run", moved)
        county.work(run)
    assert opened(world) == 2, "the first chunk, before the move"
    assert county.show(run)["state"] == "writing"

    task = world.session.get_one(LongTask, task_id(world, run), populate_existing=True)
    assert (task.state, task.org_path) == ("running", life.org("county").path)
    world.session.execute(update(LongTask).values(beat_at=LongTask.beat_at - timedelta(days=1)))
    world.session.commit()
    rescue(Context(world.session, Actor(None, "", "job"), None, world.clock, "job"))
    world.session.commit()
    county.work(run)
    run = county.show(run)
    assert (run["state"], run["written"], opened(world)) == ("done", 5, 5)


def task_id(world: World, run: dict[str, Any]) -> UUID:
    world.session.rollback()
    found = world.session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
    assert found is not None
    return found


def opened(world: World) -> int:
    world.session.rollback()
    statement = select(func.count()).select_from(Account).where(Account.sign_in_name.like("a.%"))
    return world.session.scalar(statement) or 0


@pytest.mark.clause("ORG-03", "ORG-06")
def test_a_preview_of_a_merged_organisation_is_checked_again_at_the_one_that_remains(
    county: Wizard, life: Life, client: FlaskClient, world: World
) -> None:
    run = county.checked(workbook([org_row("v-1", "county", level="村"), org_row("v-2", "street", level="村")]))
    answer = life.do("county", "merge", into="other")
    assert answer.status_code == 200, answer.get_json()

    there = Wizard(client, county.headers, county.runner, world, "other")
    assert county.client.get(county.at(f"imports/{run['id']}"), headers=county.headers).status_code == 404
    world.session.rollback()
    assert set(world.session.scalars(select(StagedRow.org_path))) == {life.org("other").path}
    run = there.written(there.show(run))
    assert (run["state"], run["written"], run["wrong"]) == ("checked", 0, 1), "the parent of one row is no more"
    assert [row["number"] for row in there.rows(run, kind="wrong")] == [2]
    assert not villages(world), "all or nothing"


@pytest.mark.clause("ORG-04", "ORG-06")
def test_no_organisation_is_revoked_while_it_imports_and_a_preview_ends_with_it(
    county: Wizard, life: Life, world: World
) -> None:
    county.code = "street"
    run = county.checked(workbook([org_row("v-1", "street", level="村")]))
    assert county.step(run, "confirm").status_code == 202
    assert life.ask("POST", "street", "revocation", **DECISION).status_code == 201
    shown = county.client.get("/api/v1/orgs/street/life/revocation", headers=life.headers).get_json()
    refused = life.ask("PUT", "street", "revocation", plan=shown["plan"])
    assert refused.status_code in (409, 422), "a long task is under way"

    assert county.step(run, "cancel").status_code == 200
    county.work(run)
    shown = county.client.get("/api/v1/orgs/street/life/revocation", headers=life.headers).get_json()
    assert life.ask("PUT", "street", "revocation", plan=shown["plan"]).status_code == 200
    again = county.step(run, "confirm")
    if again.status_code == 202:
        county.work(run)
    assert not villages(world), "nothing is written below what has ended"
