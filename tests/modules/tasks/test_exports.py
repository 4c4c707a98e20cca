"""Lists as Excel files: what is in them, who may have them, and that nothing in them is ever a formula."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from tests.factories import World

NASTY = (
    "=1+1",
    "+SUM(A1:A9)",
    "-2",
    "@cmd",
    '=HYPERLINK("http://x","y")',
    "😀🏛️ 团支部",
    "𠀀𪚥㐀",
    "12345678901234567890",
)


@pytest.fixture
def province(world: World) -> Org:
    return world.org(code="province", name="某省")


@pytest.fixture
def headers(world: World, province: Org) -> dict[str, str]:
    return world.token(world.admin(province))


def start(client: FlaskClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/orgs/province/exports", json={"list": "organisations", **body}, headers=headers)
    assert answer.status_code == 202, answer.get_json()
    started: dict[str, Any] = answer.get_json()
    return started


def rows(client: FlaskClient, headers: dict[str, str], task: str) -> list[tuple[Any, ...]]:
    with client.get(f"/api/v1/orgs/province/tasks/{task}/result", headers=headers) as answer:
        assert answer.status_code == 200
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return [tuple(cell for cell in row) for row in book.worksheets[0].iter_rows()]


def names(found: list[tuple[Any, ...]]) -> list[str]:
    return [row[0].value for row in found[1:]]


@pytest.mark.clause("ORG-01")
def test_what_looks_like_a_formula_opens_as_text(
    client: FlaskClient, headers: dict[str, str], world: World, province: Org, runner: Runner, session: ScopedSession
) -> None:
    for name in NASTY:
        world.org(province, name=name, founded_on=date(1950, 5, 4), person_in_charge="=1+1")
    task = start(client, headers, filters={"level": "city"})["id"]

    run_long_task(runner, session.get_one(LongTask, task).id)

    found = rows(client, headers, task)
    assert names(found) == list(NASTY)
    for row in found[1:]:
        assert row[0].data_type == "s"
        assert "=1+1" in [cell.value for cell in row if cell.data_type == "s"]
        assert "f" not in {cell.data_type for cell in row}
        assert any(cell.is_date and cell.value.date() == date(1950, 5, 4) for cell in row)


def test_headings_and_badges_are_in_the_language_of_whoever_asked(
    client: FlaskClient, headers: dict[str, str], province: Org, runner: Runner, session: ScopedSession
) -> None:
    english = {**headers, "Accept-Language": "en"}
    task = start(client, english)["id"]

    run_long_task(runner, session.get_one(LongTask, task).id)

    found = rows(client, headers, task)
    assert found[0][0].value == "Name"
    assert {"province", "League organisation", "Active"} <= {cell.value for cell in found[1]}


def test_the_file_is_an_attachment_under_a_name_made_here(
    client: FlaskClient, headers: dict[str, str], province: Org, runner: Runner, session: ScopedSession
) -> None:
    task = start(client, headers)["id"]
    run_long_task(runner, session.get_one(LongTask, task).id)

    with client.get(f"/api/v1/orgs/province/tasks/{task}/result", headers=headers) as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename=organisations-20260212.xlsx"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert session.query(AuditEntry).filter_by(action="tasks.result.download").count() == 1


def test_only_who_started_it_may_fetch_it(
    client: FlaskClient, headers: dict[str, str], world: World, province: Org, runner: Runner, session: ScopedSession
) -> None:
    other = world.token(world.admin(province))
    task = start(client, headers)["id"]
    run_long_task(runner, session.get_one(LongTask, task).id)

    assert client.get(f"/api/v1/orgs/province/tasks/{task}", headers=other).status_code == 200
    assert client.get(f"/api/v1/orgs/province/tasks/{task}/result", headers=other).status_code == 404


@pytest.mark.clause("ORG-08")
def test_a_grant_taken_back_before_the_job_runs_exports_nothing(
    client: FlaskClient, world: World, province: Org, runner: Runner, session: ScopedSession, clock: FixedClock
) -> None:
    account = world.account(province)
    grant = world.grant(account, province)
    headers = world.token(account)
    task = start(client, headers)["id"]
    grant.ended_at = clock.now()
    session.commit()
    clock.instant += timedelta(minutes=1)

    run_long_task(runner, session.get_one(LongTask, task).id)

    session.expire_all()
    assert session.get_one(LongTask, task).state == "failed"


def test_reach_narrows_the_rows(
    client: FlaskClient, world: World, province: Org, runner: Runner, session: ScopedSession
) -> None:
    world.org(province, name="下级")
    headers = world.token(world.admin(province, reach="self"))
    task = start(client, headers)["id"]

    run_long_task(runner, session.get_one(LongTask, task).id)

    assert names(rows(client, headers, task)) == ["某省"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"list": "nothing"}, "list"),
        ({"list": "organisations", "filters": {"nothing": "x"}}, "nothing"),
        ({"list": "organisations", "filters": {"from": "yesterday"}}, "from"),
        ({"list": "organisations", "sort": "nothing"}, "sort"),
        ({"list": "organisations", "more": 1}, "more"),
    ],
)
def test_what_cannot_be_exported_is_said(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/orgs/province/exports", json=body, headers=headers)
    assert answer.status_code == 422
    assert field in {problem["field"] for problem in answer.get_json()["errors"]}


def test_a_role_that_may_start_tasks_but_not_export_this_list_is_refused(
    client: FlaskClient, world: World, province: Org
) -> None:
    headers = world.token(world.admin(province, role="branch_secretary"))
    answer = client.post("/api/v1/orgs/province/exports", json={"list": "organisations"}, headers=headers)
    assert answer.status_code == 403


def test_the_button_of_a_list_leads_to_the_panel_of_its_export(
    world: World, province: Org, runner: Runner, session: ScopedSession
) -> None:
    browser = world.sign_in(world.admin(province))
    page = browser.get("/orgs/province/organisations?level=province&sort=name").get_data(as_text=True)
    assert 'action="/orgs/province/exports"' in page

    answer = browser.post(
        "/orgs/province/exports", data={"list": "organisations", "level": "province", "sort": "name", "size": "50"}
    )

    assert answer.status_code == 303
    panel = browser.get(answer.location)
    assert panel.status_code == 200
    task = session.query(LongTask).one()
    assert task.arguments["filters"] == {"level": "province"}
    run_long_task(runner, task.id)
    fragment = browser.get(answer.location, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert f"/orgs/province/tasks/{task.id}/result" in fragment
    listing = browser.get("/orgs/province/tasks")
    assert listing.status_code == 200
    assert f"/orgs/province/tasks/{task.id}" in listing.get_data(as_text=True)
