"""A plugin that fails while it runs: it costs itself only, is told of by name, and can be switched off for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from sqlalchemy import select, text

from banyan.app import CORE, create_app
from banyan.boundary import Banyan
from banyan.cli.worker import runner
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.embedded import Urls
from banyan.kernel.jobs import Job
from banyan.kernel.settings import Settings
from banyan.kernel.values import ModuleManifest, NavItem
from banyan.kernel.worker import run_periodic
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org
from banyan.plugins import enablement, failures, hookimpl, manager, migrate
from banyan.plugins.failures import PluginFailure
from banyan.sdk import current, permission
from tests.conftest import NOW
from tests.factories import World
from tests.plugins.conftest import EXTRA

pytestmark = pytest.mark.clause("PLG-03")


def job(ctx: Context) -> None:
    raise RuntimeError("the job is broken")


class Broken:
    """A plugin that fails wherever it is asked, in the middle of its work with the database."""

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("broken", "Broken", "Fails", "1", prefix="broken_")

    @hookimpl
    def banyan_page_blueprints(self) -> list[Blueprint]:
        pages = Blueprint("broken_pages", __name__)

        @pages.get("/orgs/<code>/broken")
        @permission("tenancy.org:read")
        def page() -> str:
            return str(1 // len(current().actor.name[:0]))

        return [pages]

    @hookimpl
    def banyan_jobs(self) -> list[Job]:
        return [Job("broken.job", "Broken job", periodic=job, cron="", reason="a test")]

    @hookimpl
    def banyan_navigation(self, ctx: Context) -> list[NavItem]:
        ctx.session.add(Org(code="half-written"))
        ctx.session.execute(text("SELECT broken FROM nowhere"))
        return []


@pytest.fixture
def app(urls: Urls, tmp_path: Path, clock: FixedClock, clean: None) -> Iterator[Banyan]:
    options = Settings.from_env({"BANYAN_HOME": str(tmp_path), "BANYAN_POOL_SIZE": "6"})
    app = create_app(options, app_url=urls.app, clock=clock, extra={**EXTRA, "broken": Broken()})
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()


@pytest.fixture
def place(world: World) -> Org:
    place = world.org(code="place")
    for name in ("broken", "guestbook"):
        enablement.set_switch(world.session, place.ref, name, on=True, by=None, at=world.clock.now())
    world.session.commit()
    return place


def kept(world: World) -> dict[str, PluginFailure]:
    world.session.expire_all()
    return {row.place: row for row in world.session.scalars(select(PluginFailure))}


def test_a_hook_that_breaks_the_transaction_costs_nobody_else_anything(world: World, place: Org) -> None:
    page = world.sign_in(world.admin(place)).get("/orgs/place/")

    assert page.status_code == 200
    assert 'href="/orgs/place/guestbook"' in page.text
    found = kept(world)["banyan_navigation"]
    assert (found.module, found.times) == ("broken", 1)
    assert "test_containment.py" in found.trace
    assert "half-written" not in world.session.scalars(select(Org.code)).all()


def test_a_view_and_a_job_that_fail_are_counted_against_their_plugin(app: Banyan, world: World, place: Org) -> None:
    assert world.sign_in(world.admin(place)).get("/orgs/place/broken").status_code == 500
    run = runner(app, threading.Event())
    with pytest.raises(RuntimeError, match="the job is broken"):
        run_periodic(run, run.jobs["broken.job"])

    assert {"view broken_pages.page", "job broken.job"} <= kept(world).keys()
    assert kept(world)["job broken.job"].message == "the job is broken"


def test_failures_are_counted_in_memory_and_written_now_and_then(
    app: Banyan, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = app.extensions["banyan.plugins"].report
    for _time in range(30):
        keeper("broken", "banyan_search", ValueError("x"))
    assert kept(world)["banyan_search"].times == 1
    monkeypatch.setattr(failures, "WRITTEN_EVERY", 0.0)
    keeper("broken", "banyan_search", ValueError("y"))
    assert (kept(world)["banyan_search"].times, kept(world)["banyan_search"].message) == (31, "y")
    assert failures.lately(world.session, world.clock) == {"broken": 31}


def test_switched_off_for_all_it_is_gone_at_once_and_its_jobs_rest(app: Banyan, world: World, place: Org) -> None:
    browser = world.sign_in(world.admin(place))
    assert enablement.set_everywhere_off(world.session, "broken", "it fails", by=None, at=world.clock.now())
    assert not enablement.set_everywhere_off(world.session, "broken", "again", by=None, at=world.clock.now())
    world.session.commit()

    assert browser.get("/orgs/place/broken").status_code == 404
    assert browser.get("/orgs/place/").status_code == 200
    run = runner(app, threading.Event())
    run_periodic(run, run.jobs["broken.job"])
    assert kept(world) == {}

    assert enablement.lift_everywhere_off(world.session, "broken")
    world.session.commit()
    assert browser.get("/orgs/place/broken").status_code == 500


def operator(world: World, place: Org) -> Account:
    account = world.admin(place)
    account.operator = True
    world.session.commit()
    return account


def test_the_operator_is_shown_what_fails_and_switches_it_off_for_all(world: World, place: Org) -> None:
    browser = world.sign_in(operator(world, place))
    for _time in range(3):
        browser.get("/orgs/place/broken")
    page = browser.get("/operator/plugins")
    assert page.status_code == 200
    assert 'href="/operator/plugins/broken"' in browser.get("/operator/plugins").text
    assert "ZeroDivisionError" in browser.get("/operator/plugins/broken").text
    refused = browser.post("/operator/plugins/broken/off", data={"reason": ""})
    assert refused.status_code == 422

    assert browser.post("/operator/plugins/broken/off", data={"reason": "坏了"}).status_code == 303
    assert browser.get("/orgs/place/broken").status_code == 404
    assert "坏了" in browser.get("/operator/plugins/broken").text
    assert browser.post("/operator/plugins/broken/off", data={"reason": "again"}).status_code == 422
    assert browser.post("/operator/plugins/audit/off", data={"reason": "x"}).status_code == 404

    assert browser.post("/operator/plugins/broken/on").status_code == 303
    assert browser.post("/operator/plugins/broken/forget-failures").status_code == 303
    assert "ZeroDivisionError" not in browser.get("/operator/plugins/broken").text


def test_the_api_of_operators_says_and_does_the_same(
    app: Banyan, client: FlaskClient, world: World, place: Org
) -> None:
    headers = world.token(operator(world, place))
    app.extensions["banyan.plugins"].failures["absent"] = "ImportError: no module named absent"
    keeper = app.extensions["banyan.plugins"].report
    for number in range(failures.OFFER_FROM):
        keeper("broken", f"banyan_search {number}", ValueError("x"))

    found = {one["name"]: one for one in client.get("/api/v1/operator/plugins", headers=headers).get_json()}
    assert found["broken"]["state"] == "failing"
    assert (found["guestbook"]["state"], found["guestbook"]["organisations"]) == ("ok", 1)
    assert found["guestbook"]["migration"]["pending"] is False
    assert found["absent"]["state"] == "not_loaded"
    assert "no module named" in found["absent"]["reason"]
    assert found.keys().isdisjoint(CORE)

    address = "/api/v1/operator/plugins/broken"
    assert len(client.get(f"{address}/failures", headers=headers).get_json()) == failures.OFFER_FROM
    off = client.put(f"{address}/off", json={"reason": "it fails"}, headers=headers)
    assert (off.status_code, off.get_json()["state"]) == (200, "off")
    assert client.put(f"{address}/off", json={"reason": "it fails"}, headers=headers).status_code == 409
    assert client.delete(f"{address}/off", headers=headers).status_code == 200
    assert client.delete(f"{address}/off", headers=headers).status_code == 409
    assert client.delete(f"{address}/failures", headers=headers).get_json()["failures_lately"] == 0
    assert client.get("/api/v1/operator/plugins/nobody", headers=headers).status_code == 404


def test_nobody_else_learns_that_there_is_such_a_page(client: FlaskClient, world: World, place: Org) -> None:
    admin = world.admin(place)
    browser, headers = world.sign_in(admin), world.token(admin)
    assert browser.get("/operator/plugins").status_code == 404
    assert browser.post("/operator/plugins/broken/off", data={"reason": "x"}).status_code == 404
    assert client.get("/api/v1/operator/plugins", headers=headers).status_code == 404
    assert "/operator/plugins" not in browser.get("/orgs/place/").text


MIGRATION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "faulty_0001", None, None, None

def upgrade() -> None:
    op.execute("CREATE TABLE faulty_thing (id uuid)")
    op.execute("CREATE TABLE faulty_thing (id uuid)")

def downgrade() -> None:
    pass
"""


def test_a_plugin_that_cannot_be_migrated_is_off_and_the_platform_serves(urls: Urls, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "faulty_0001_thing.py").write_text(MIGRATION)

    class Faulty:
        @hookimpl
        def banyan_manifest(self) -> ModuleManifest:
            return ModuleManifest("faulty", "Faulty", "", "1", prefix="faulty_", requires=("guestbook",))

        @hookimpl
        def banyan_migrations(self) -> Path:
            return folder

    class After:
        @hookimpl
        def banyan_manifest(self) -> ModuleManifest:
            return ModuleManifest("after", "After", "", "1", requires=("faulty",))

    extra: dict[str, Any] = {**EXTRA, "faulty": Faulty(), "after": After()}
    failed = migrate.upgrade_all(urls.owner, manager.load(CORE, extra))
    assert set(failed) == {"faulty"}
    assert "faulty_thing" in failed["faulty"]

    options = Settings.from_env({"BANYAN_HOME": str(tmp_path), "BANYAN_POOL_SIZE": "2"})
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW), extra=extra)
    try:
        assert app.extensions["banyan.plugins"].unmigrated == {"faulty", "after"}
        checks = app.test_client().get("/readyz").get_json()["checks"]
        assert "faulty" in checks["plugin_migrations"]
        assert checks["migrations"] == "ok"
    finally:
        app.extensions["banyan.runtime"].db.dispose()
