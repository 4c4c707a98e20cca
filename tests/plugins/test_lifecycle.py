"""The life of a plugin: on, off, on again, upgraded; what vanishes does so at once and in every process, data stays."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import g
from sqlalchemy import select, text

from banyan.app import CORE, create_app
from banyan.boundary import Banyan
from banyan.cli.worker import runner
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import Refused
from banyan.kernel.jobs import Job, LongTask, Progress, TaskRun, start
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor
from banyan.kernel.worker import run_long_task
from banyan.modules.tenancy.models import Org
from banyan.plugins import delivery, manager, migrate
from banyan.plugins.services import service
from banyan.testing import Installation, World, installation
from banyan.testing.locating import locate
from tests.plugins.test_kit import made, server

__all__ = ["server"]
pytestmark = pytest.mark.clause("PLG-01", "ORG-07")
NOTES = "/api/v1/orgs/place/lodger/notes"


@dataclass
class House:
    """An installation with a plugin that the kit made; ``apps`` are two processes on one database."""

    here: Installation
    apps: list[Banyan]
    extra: dict[str, Any]
    package: Path
    home: str

    def another(self) -> Banyan:
        """One more process, started now."""
        settings = Settings.from_env({"BANYAN_HOME": self.home, "BANYAN_POOL_SIZE": "4"})
        app = create_app(settings, app_url=self.here.urls.app, clock=self.here.clock, extra=self.extra)
        app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
        self.apps.append(app)
        return app


@pytest.fixture(scope="module")
def house(server: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, tables = tmp_path_factory.mktemp("lodger"), set(Base.metadata.tables)
    one = locate(str(made(folder, "lodger")))[0]
    extra = {one.name: one.implementation}
    with installation(extra, server=server) as here:
        found = House(here, [here.app], extra, one.package, str(folder))
        found.another()
        yield found
        for app in found.apps[1:]:
            app.extensions["banyan.runtime"].db.dispose()
    for name in set(Base.metadata.tables) - tables:
        Base.metadata.remove(Base.metadata.tables[name])
    sys.path.remove(str(folder / "lodger"))


@pytest.fixture
def world(house: House) -> Iterator[World]:
    with house.here.world() as world:
        world.org(code="place")
        yield world


def the_place(world: World) -> Org:
    return world.session.scalars(select(Org).where(Org.code == "place")).one()


def switch(house: House, world: World, headers: dict[str, str], *, on: bool) -> None:
    answer = house.here.app.test_client().put("/api/v1/orgs/place/modules/lodger", json={"on": on}, headers=headers)
    assert answer.status_code == 200, answer.get_json()


def seen(app: Banyan, world: World, account: Any, headers: dict[str, str]) -> dict[str, bool]:
    """Where the module can be met."""
    browser = world.sign_in(account, app.test_client())
    api = app.test_client()

    def read(address: str) -> str:
        return browser.get(address).text

    settings = api.get("/api/v1/orgs/place/settings", headers=headers)
    assert settings.status_code == 200
    export = {"list": "lodger_notes"}
    return {
        "page": browser.get("/orgs/place/lodger").status_code == 200,
        "form": browser.get("/orgs/place/lodger/new").status_code == 200,
        "card": browser.get("/orgs/place/lodger/card").status_code == 200,
        "API": api.get(NOTES, headers=headers).status_code == 200,
        "menu": 'href="/orgs/place/lodger"' in read("/orgs/place/"),
        "card on the dashboard": "/orgs/place/lodger/card" in read("/orgs/place/"),
        "search": "买茶叶" in read("/orgs/place/tree/search?q=买茶"),
        "settings form": "lodger.kept_days" in read("/orgs/place/settings"),
        "settings in the API": "lodger.kept_days" in settings.text,
        "matrix of roles": "lodger.note:read" in read("/orgs/place/roles"),
        "own roles": "lodger.note:read" in read("/orgs/place/own-roles/new"),
        "export": api.post("/api/v1/orgs/place/exports", json=export, headers=headers).status_code < 300,
        "service": serves(app, world, account),
    }


def serves(app: Banyan, world: World, account: Any) -> bool:
    with app.test_request_context("/orgs/place/"):
        g.code = "place"
        ctx = world.context(account, the_place(world))
        with ctx.session:
            try:
                return bool(service(ctx, "lodger.notes", 1).newest(ctx, 5))
            except Refused:
                return False


def test_switched_off_everything_vanishes_at_once_in_every_process_and_data_stays(house: House, world: World) -> None:
    account = world.admin(the_place(world))
    headers = world.token(account)
    switch(house, world, headers, on=True)
    made = house.here.app.test_client().post(NOTES, json={"text": "买茶叶"}, headers=headers)
    assert made.status_code == 201
    for app in house.apps:
        assert [where for where, there in seen(app, world, account, headers).items() if not there] == []

    switch(house, world, headers, on=False)

    for app in house.apps:
        assert [where for where, there in seen(app, world, account, headers).items() if there] == []
        listed = app.test_client().get("/api/v1/orgs/place/modules/lodger", headers=headers).get_json()
        assert listed["on"] is False, "the catalogue still tells of it"

    switch(house, world, headers, on=True)
    for app in house.apps:
        assert [where for where, there in seen(app, world, account, headers).items() if not there] == []
        notes = app.test_client().get(NOTES, headers=headers).get_json()["items"]
        assert [note["text"] for note in notes] == ["买茶叶"]


def test_events_and_long_tasks_of_a_module_end_where_it_is_off(house: House, world: World) -> None:
    place = the_place(world)
    account = world.admin(place)
    headers = world.token(account)
    app = house.here.app

    def deliver() -> int:
        held = app.extensions["banyan.runtime"]
        with app.app_context(), held.db.session(Whole("test")) as session:
            ctx = Context(session, Actor(None, "", "job"), None, house.here.clock, "job")
            delivery.deliver(held.db, manager.current(), ctx)
            session.commit()
        world.session.rollback()
        return int(world.session.execute(text("SELECT count(*) FROM lodger_note")).scalar_one())

    def rename(name: str) -> None:
        body = app.test_client().get("/api/v1/orgs/place", headers=headers)
        given = {"name": name, "founded_on": "2020-01-01", "person_in_charge": "李", "phone": "13800000000"}
        given["version"] = body.get_json()["version"]
        answer = app.test_client().put("/api/v1/orgs/place", json=given, headers=headers)
        assert answer.status_code == 200, answer.get_json()

    switch(house, world, headers, on=True)
    rename("一号")
    assert deliver() == 1
    switch(house, world, headers, on=False)
    rename("二号")
    assert deliver() == 1, "what happens while it is off is not heard"
    switch(house, world, headers, on=True)
    assert deliver() == 1, "nor afterwards"

    ran: list[int] = []

    def handler(run: TaskRun) -> Iterator[Progress]:
        for step in range(3):
            ran.append(step)
            if step == 1:
                switch(house, world, headers, on=False)
            yield Progress(step + 1, 3)

    with app.app_context():
        ctx = world.context(account, place)
        with ctx.session:
            task = start(ctx, "lodger.work", "Work", place.ref, {}, language="en")
            ctx.session.commit()
    run_long_task(replace(runner(app, threading.Event()), jobs=_jobs(handler)), task.id)

    world.session.expire_all()
    found = world.session.get_one(LongTask, task.id)
    assert (found.state, found.done, ran) == ("failed", 1, [0, 1])
    assert "off" in found.message


def _jobs(handler: Callable[[TaskRun], Iterator[Progress]]) -> dict[str, Job]:
    return {"lodger.work": Job("lodger.work", "Work", handler=handler)}


@pytest.mark.clause("PLG-03")
def test_an_upgraded_plugin_is_off_until_its_tables_are_migrated(house: House, world: World) -> None:
    account = world.admin(the_place(world))
    headers = world.token(account)
    switch(house, world, headers, on=True)
    house.here.app.test_client().post(NOTES, json={"text": "买茶叶"}, headers=headers)

    first = (house.package / "migrations" / "lodger_0001_notes.py").read_text(encoding="utf-8")
    head = 'revision = "lodger_0002"\ndown_revision = "lodger_0001"\nbranch_labels = None\ndepends_on = None\n\n\n'
    body = (
        "def upgrade() -> None:\n    op.create_index('ix_lodger_note_by', 'lodger_note', ['written_by'])\n\n\n"
        "def downgrade() -> None:\n    op.drop_index('ix_lodger_note_by', 'lodger_note')\n"
    )
    assert "lodger_0001" in first
    second = house.package / "migrations" / "lodger_0002_by.py"
    second.write_text(f'"""Notes by who wrote them."""\n\nfrom alembic import op\n\n{head}{body}', encoding="utf-8")

    upgraded = house.another()
    assert upgraded.extensions["banyan.plugins"].unmigrated == {"lodger"}
    client = upgraded.test_client()
    assert client.get(NOTES, headers=headers).status_code == 404
    assert world.sign_in(account, upgraded.test_client()).get("/orgs/place/").status_code == 200

    assert migrate.upgrade_all(house.here.urls.owner, manager.load(CORE, house.extra)) == {}

    migrated = house.another()
    assert migrated.extensions["banyan.plugins"].unmigrated == frozenset()
    notes = migrated.test_client().get(NOTES, headers=headers).get_json()["items"]
    assert [note["text"] for note in notes] == ["买茶叶"]
    for app in (upgraded, migrated):
        house.apps.remove(app)
        app.extensions["banyan.runtime"].db.dispose()
