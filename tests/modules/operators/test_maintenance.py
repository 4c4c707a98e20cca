"""Maintenance: announced, shown to everybody, writing refused politely while it lasts, and over by itself (NOT-02)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.cli.worker import runner as made_runner
from banyan.kernel.db.scoped import Whole
from banyan.kernel.jobs import Job, LongTask, Progress, TaskRun, start
from banyan.kernel.values import Actor
from banyan.kernel.worker import run_long_task, run_periodic
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import passwords
from banyan.modules.audit.models import AuditEntry
from banyan.modules.operators import cli
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.operators.services import standing
from banyan.modules.tenancy.models import Org
from tests.factories import World

EFFECTS = {"zh_Hans": "22:00 前可以查看，暂不能修改。", "en": "You can read, but not change anything."}
PASSWORD = "correct horse battery 42"


class Office:
    """The one who runs the installation, and an organisation with its administrator."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world, self.client = world, client
        self.org: Org = world.org(code="county", name="某县")
        self.admin: Account = world.admin(self.org)
        self.operator: Account = world.account(self.org, operator=True)
        world.grant(self.operator, self.org)
        self.headers, self.operating = world.token(self.admin), world.token(self.operator)

    def announce(self, begins: float = 60, ends: float = 120, **changes: Any) -> Any:
        now = self.world.clock.now()
        sent = {
            "begins_at": (now + timedelta(minutes=begins)).isoformat(),
            "ends_at": (now + timedelta(minutes=ends)).isoformat(),
            "effects": EFFECTS,
            **changes,
        }
        return self.client.post("/api/v1/operator/maintenance", json=sent, headers=self.operating)

    def running(self) -> dict[str, Any]:
        answer = self.announce(0)
        assert answer.status_code == 201, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def write(self, headers: dict[str, str] | None = None) -> Any:
        sent = {"name": "联络员", "permissions": ["tenancy.org:read"]}
        return self.client.post("/api/v1/orgs/county/own-roles", json=sent, headers=headers or self.headers)


@pytest.fixture
def office(world: World, client: FlaskClient, app: Banyan) -> Iterator[Office]:
    yield Office(world, client)
    app.extensions[standing.KEY].forget()


@pytest.mark.clause("NOT-02")
def test_it_is_announced_beforehand_with_its_window_and_shown_to_everyone_on_every_page(
    office: Office, client: FlaskClient, world: World
) -> None:
    assert client.get("/api/v1/maintenance").get_json() == []
    assert office.announce().status_code == 201
    admin, member = world.sign_in(office.admin), world.sign_in(world.account(office.org))
    pages = {"/sign-in": client, "/register": client, "/orgs/county/": admin, "/me": member, "/orgs/nowhere/": admin}
    for page, browser in pages.items():
        shown = browser.get(page).get_data(as_text=True)
        assert EFFECTS["zh_Hans"] in shown, page
        assert "2026-02-12 11:00 – 2026-02-12 12:00" in shown, page
    assert EFFECTS["en"] in client.get("/sign-in", headers={"Accept-Language": "en"}).get_data(as_text=True)
    [told] = client.get("/api/v1/maintenance").get_json()
    assert (told["state"], told["effects"]) == ("coming", EFFECTS["zh_Hans"])
    said = client.get("/api/v1/me", headers=office.headers).headers["Banyan-Maintenance"]
    assert said.startswith('state=announced, from="2026-02-12T03:00:00+00:00"')
    assert office.write().status_code == 201, "announced is not begun"
    world.clock.instant += timedelta(hours=1)
    assert office.write().status_code == 503
    world.clock.instant += timedelta(hours=1)
    assert office.write().status_code in (201, 409, 422), "it ends by itself"
    assert EFFECTS["zh_Hans"] not in client.get("/sign-in").get_data(as_text=True)


@pytest.mark.clause("NOT-02")
def test_while_it_lasts_reading_goes_on_and_writing_is_refused_politely_with_what_was_typed(
    office: Office, client: FlaskClient, world: World
) -> None:
    office.running()
    answer = office.write()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7200"
    problem = answer.get_json()
    assert problem["type"].endswith("maintenance")
    assert EFFECTS["zh_Hans"] in problem["detail"]
    assert client.get("/api/v1/orgs/county/own-roles", headers=office.headers).status_code == 200
    assert client.post("/api/v1/orgs/nowhere/own-roles", json={}, headers=office.headers).status_code == 404
    assert client.post("/api/v1/orgs/county/own-roles", json={}).status_code == 401
    browser = world.sign_in(office.admin)
    typed = {"name": "写了很久的名称", "permissions": ["tenancy.org:read"], "_shown": "name"}
    refused = browser.post("/orgs/county/own-roles/new", data=typed)
    assert refused.status_code == 503
    assert refused.headers["Cache-Control"] == "no-store"
    page = refused.get_data(as_text=True)
    assert re.search(r'name="name" value="写了很久的名称"', page)
    assert 'action="/orgs/county/own-roles/new"' in page
    secret = browser.post("/me/password", data={"old_password": "hunter2hunter2", "password": "x"})
    assert secret.status_code == 503
    assert "hunter2hunter2" not in secret.get_data(as_text=True)
    assert client.post("/register", data={"code": "ABCDEFGH"}).status_code == 503, "strangers write neither"
    assert office.write(office.operating).status_code == 201, "operators do"


@pytest.mark.clause("NOT-02")
def test_one_can_still_sign_in_choose_a_language_and_sign_out(
    office: Office, client: FlaskClient, world: World
) -> None:
    account = world.account(office.org, "zhang.san", password_hash=passwords.hash_password(PASSWORD))
    office.running()
    typed = {"sign_in_name": account.sign_in_name, "password": PASSWORD, "next": "/me"}
    assert client.post("/sign-in", data=typed).status_code == 303
    assert client.get("/me").status_code == 200
    assert client.post("/me/account", data={"display_name": "新名字"}).status_code == 503
    assert client.post("/language", data={"lang": "en", "next": "/me"}).status_code == 303
    assert client.post("/sign-out").status_code == 303


@pytest.mark.clause("NOT-02")
def test_it_is_moved_begun_early_lengthened_and_ended_each_in_the_log(office: Office, client: FlaskClient) -> None:
    made = office.announce().get_json()
    address = f"/api/v1/operator/maintenance/{made['id']}"
    assert office.announce(90, 100).status_code == 422, "two at one time"
    assert office.announce(200, 100).status_code == 422
    assert office.announce(-60, 100).status_code == 422
    assert office.announce(200, 60 * 24 * 9).status_code == 422
    assert office.announce(200, 300, effects={"en": "x"}).status_code == 422
    begun = client.post(f"{address}/begin", headers=office.operating).get_json()
    assert begun["state"] == "running"
    assert office.write().status_code == 503
    assert client.post(f"{address}/begin", headers=office.operating).status_code == 409
    later = (office.world.clock.now() + timedelta(hours=5)).isoformat()
    edit = {"begins_at": later, "ends_at": later, "effects": EFFECTS, "version": begun["version"]}
    moved = client.put(address, json=edit, headers=office.operating)
    assert moved.status_code == 200, moved.get_json()
    assert moved.get_json()["begins_at"] == begun["begins_at"], "what has begun is only lengthened"
    assert client.put(address, json=edit, headers=office.operating).status_code == 409
    assert client.post(f"{address}/end", headers=office.operating).get_json()["state"] == "over"
    assert office.write().status_code == 201
    assert client.post(f"{address}/end", headers=office.operating).status_code == 409
    found = office.world.session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_type == "service_window")
    ).all()
    assert {one.rpartition(".")[2] for one in found} == {"announce", "begin", "change", "end"}


def test_only_who_runs_the_installation_announces_it(office: Office, client: FlaskClient, world: World) -> None:
    browser = world.sign_in(office.admin)
    assert browser.get("/operator/maintenance").status_code == 404
    assert client.get("/api/v1/operator/maintenance", headers=office.headers).status_code == 404
    operator = world.sign_in(office.operator)
    assert operator.get("/operator/maintenance").status_code == 200
    empty = operator.post("/operator/maintenance", data={"_shown": ""})
    assert empty.status_code == 422
    typed = {"begins_at": "2026-02-12T22:00", "ends_at": "2026-02-12T23:30", "effects.zh_Hans": "夜间维护"}
    assert operator.post("/operator/maintenance", data=typed).status_code == 303
    window = world.session.scalars(select(ServiceWindow)).one()
    assert window.begins_at.isoformat() == "2026-02-12T14:00:00+00:00"
    page = operator.get(f"/operator/maintenance/{window.id}").get_data(as_text=True)
    assert 'value="2026-02-12T22:00"' in page
    assert operator.post(f"/operator/maintenance/{window.id}/end").status_code == 303


@pytest.mark.clause("NOT-02")
def test_jobs_pause_at_the_end_of_their_chunk_and_go_on_afterwards(office: Office, app: Banyan, world: World) -> None:
    chunks: list[int] = []

    def handler(run: TaskRun) -> Iterator[Progress]:
        for number in range(int(run.memory.get("done", 0)), 3):
            chunks.append(number)
            if number == 0:
                office.running()
            yield Progress(number + 1, 3, memory={"done": number + 1})

    runner = made_runner(app, threading.Event())
    runner.jobs = {"test.work": Job("test.work", "Work", handler=handler)}
    with app.app_context():
        ctx = world.context(office.admin, office.org)
        task = start(ctx, "test.work", "Work", office.org.ref, {}, language="zh_Hans")
        ctx.session.commit()
    run_long_task(runner, task.id)
    assert chunks == [0]
    assert world.session.get_one(LongTask, task.id).state == "queued"
    run_long_task(runner, task.id)
    assert chunks == [0], "it is put off again as long as it lasts"
    ran: list[str] = []
    for always in (False, True):
        run_periodic(runner, Job("test.tidy", "Tidy", periodic=lambda _ctx: ran.append("x"), reason="x", always=always))
    assert ran == ["x"], "what must go on, such as messages in an emergency, goes on"
    world.clock.instant += timedelta(hours=3)
    run_long_task(runner, task.id)
    assert chunks == [0, 1, 2]
    world.session.expire_all()
    assert world.session.get_one(LongTask, task.id).state == "done"


def test_no_request_asks_for_it_and_every_process_knows_within_seconds(
    office: Office, app: Banyan, client: FlaskClient, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, asked = app.extensions[standing.KEY], []
    real = keeper._ask
    monkeypatch.setattr(keeper, "_ask", lambda connection: asked.append(1) or real(connection))
    client.get("/api/v1/me", headers=office.headers)
    asked.clear()
    for _ in range(20):
        client.get("/api/v1/me", headers=office.headers)
    assert len(asked) <= 1
    assert not any("service_window" in statement for statement in statements)
    with app.app_context(), app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
        now = office.world.clock.now()
        session.add(
            ServiceWindow(
                kind="maintenance", effects=EFFECTS, begins_at=now, ends_at=now + timedelta(hours=1), announced_at=now
            )
        )
        session.commit()
    keeper._due = 0.0  # two seconds later
    assert office.write().status_code == 503, "another process began it"


@pytest.mark.clause("NOT-02")
def test_the_command_line_announces_begins_and_ends_it(
    office: Office, app: Banyan, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager

    from banyan.kernel.context import Context

    @contextmanager
    def operating(reason: str) -> Iterator[Context]:
        with app.app_context(), app.extensions["banyan.runtime"].db.session(Whole(reason)) as session:
            yield Context(session, Actor(None, "root", "cli"), None, world.clock, "cli")
            session.commit()

    monkeypatch.setattr(cli, "_operating", operating)
    shell = CliRunner()
    announced = shell.invoke(cli.commands, ["announce", "--from", "2026-02-12 22:00", "--until", "2026-02-12 23:00"])
    assert "Announced: 2026-02-12 22:00 to 2026-02-12 23:00" in announced.output
    assert "Begun: 2026-02-12 10:00 to 2026-02-12 23:00" in shell.invoke(cli.commands, ["begin"]).output
    assert office.write().status_code == 503
    assert "It is over" in shell.invoke(cli.commands, ["end"]).output
    assert office.write().status_code == 201
    assert shell.invoke(cli.commands, ["end"]).exit_code == 1
    assert "10:00 to 2026-02-12 10:30" in shell.invoke(cli.commands, ["begin", "--minutes", "30"]).output
