"""A plugin's endpoints stand behind the same gate as the core's, found in the URL map and not listed by anybody."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.session import ScopedSession
from banyan.modules.access.models import OrgRole
from banyan.modules.tenancy.models import Org
from banyan.plugins import enablement, manager
from banyan.plugins.migrate import CORE, downgrade, owners, upgrade
from tests.contract.test_gate import Endpoint, endpoints
from tests.factories import World
from tests.plugins.banyan_guestbook.models import Entry

OWN = ("guestbook_api", "guestbook_pages")


@pytest.fixture
def place(world: World) -> Org:
    return world.org(code="place")


def own(app: Banyan) -> list[Endpoint]:
    found = [one for one in endpoints(app, plugins=True) if one.rule.endpoint.partition(".")[0] in OWN]
    assert {one.api for one in found} == {True, False}
    return found


def switched_on(world: World, org: Org) -> None:
    enablement.set_switch(world.session, org.ref, "guestbook", on=True, by=None, at=world.clock.now())
    world.session.commit()


def ask(world: World, account: Any, endpoint: Endpoint) -> int:
    browser: FlaskClient = world.sign_in(account)
    headers = world.token(account) if endpoint.api else None
    return browser.open(endpoint.url(world.app, "place"), method=endpoint.method, headers=headers).status_code


@pytest.mark.clause("ORG-07")
def test_off_every_endpoint_is_not_found_whatever_one_may(app: Banyan, world: World, place: Org) -> None:
    account = world.admin(place)
    for endpoint in own(app):
        assert ask(world, account, endpoint) == 404, endpoint.rule


def test_on_the_other_rules_hold(app: Banyan, world: World, place: Org) -> None:
    switched_on(world, place)
    empty = OrgRole(org_id=place.id, org_path=place.path, name="empty", stamp=1, created_at=world.clock.now(), lines=[])
    world.session.add(empty)
    world.session.commit()
    inside, powerless = world.admin(place), world.admin(place, role=empty.key)
    stranger = world.admin(world.org(code="elsewhere"))
    for endpoint in own(app):
        nobody = app.test_client().open(endpoint.url(app, "place"), method=endpoint.method)
        assert nobody.status_code == (401 if endpoint.api else 303)
        assert ask(world, stranger, endpoint) == 404
        assert ask(world, powerless, endpoint) == 403
        assert ask(world, inside, endpoint) in ((200,) if endpoint.method == "GET" else (415, 422))


def test_the_console_shows_the_module_where_it_is_on(world: World, place: Org) -> None:
    browser = world.sign_in(world.admin(place))
    assert "/guestbook" not in browser.get("/orgs/place/").get_data(as_text=True)
    switched_on(world, place)
    page = browser.get("/orgs/place/").get_data(as_text=True)
    assert 'href="/orgs/place/guestbook"' in page
    assert "/orgs/place/guestbook/card" in page
    assert "留言簿" in page


def test_its_rows_stand_behind_both_walls(urls: Urls, world: World, place: Org, session: ScopedSession) -> None:
    session.add(Entry(org_id=place.id, org_path=place.path, text="x", written_at=world.clock.now()))
    session.commit()
    with psycopg.connect(urls.app) as outside:
        assert outside.execute("SELECT count(*) FROM guestbook_entry").fetchone() == (0,)
        outside.execute("SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true)", ("z.", "z/"))
        assert outside.execute("SELECT count(*) FROM guestbook_entry").fetchone() == (0,)
        outside.execute("SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true)")
        assert outside.execute("SELECT count(*) FROM guestbook_entry").fetchone() == (1,)


def test_its_migrations_have_a_history_of_their_own_and_go_down_again(urls: Urls, app: Banyan) -> None:
    from sqlalchemy import create_engine, inspect

    from banyan.kernel.db.session import driver_url

    plugins = manager.load({}, {"guestbook": app.extensions["banyan.plugins"].module("guestbook")})
    core, *others = owners(plugins)
    [guestbook] = [one for one in others if one.name == "guestbook"]
    assert (core.name, guestbook.version_table) == (CORE, "alembic_version_guestbook")
    engine = create_engine(driver_url(urls.owner))
    try:
        downgrade(engine, guestbook)
        assert not inspect(engine).has_table("guestbook_entry")
        assert inspect(engine).has_table("org")
        upgrade(engine, guestbook)
        assert inspect(engine).has_table("guestbook_entry")
    finally:
        engine.dispose()
