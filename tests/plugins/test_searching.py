"""The search box over the tree asks the modules that are on there; one that fails costs its own hits only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import g
from sqlalchemy import select, text

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.embedded import Urls
from banyan.kernel.settings import Settings
from banyan.kernel.values import ModuleManifest
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import finding
from banyan.modules.tenancy.models import Org
from banyan.plugins import enablement, hookimpl
from banyan.plugins.failures import PluginFailure
from banyan.plugins.searching import MOST
from tests.conftest import NOW
from tests.factories import World
from tests.plugins.conftest import EXTRA

pytestmark = pytest.mark.clause("PLG-01")


class Finder:
    """Finds whatever is looked for, many times."""

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("finder", "Finder’s finds", "Finds", "1")

    @hookimpl
    def banyan_search(self, ctx: Context, text: str) -> Iterator[tuple[str, str]]:
        yield from ((f"<{text}> {n}", f"/orgs/place/?n={n}") for n in range(1_000_000_000))


class Loser:
    """Breaks its transaction while its hits are read."""

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("loser", "Loser’s finds", "Loses", "1")

    @hookimpl
    def banyan_search(self, ctx: Context, text: str, most: int) -> Iterator[tuple[str, str]]:
        yield "half a hit", "/"
        ctx.session.execute(_NONSENSE)


_NONSENSE = text("SELECT nothing FROM nowhere")


@pytest.fixture
def app(urls: Urls, tmp_path: Path, clean: None) -> Iterator[Banyan]:
    options = Settings.from_env({"BANYAN_HOME": str(tmp_path), "BANYAN_POOL_SIZE": "6"})
    extra = {**EXTRA, "finder": Finder(), "loser": Loser()}
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW), extra=extra)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()


def named(world: World, org: Org, name: str) -> Account:
    account = world.account(org, name)
    world.grant(account, org, "org_admin", "subtree")
    return account


@pytest.fixture
def place(world: World) -> Org:
    place = world.org(code="place")
    for name in ("finder", "loser"):
        enablement.set_switch(world.session, place.ref, name, on=True, by=None, at=world.clock.now())
    world.session.commit()
    return place


@pytest.mark.clause("PLG-03", "ORG-07")
def test_what_modules_find_stands_under_their_names_and_a_failure_costs_nobody_else(world: World, place: Org) -> None:
    browser = world.sign_in(named(world, place, "boss"))

    page = browser.get("/orgs/place/tree/search?q=bo")
    part = browser.get("/orgs/place/tree/search?q=bo", headers={"HX-Request": "true"})

    for found in (page, part):
        assert found.status_code == 200
        assert "Finder’s finds" in found.text
        assert found.text.count("&lt;bo&gt; ") == MOST
        assert "half a hit" not in found.text
        assert "(boss)" in found.text, "accounts are found as well"
    assert ("<main" in page.text, "<main" in part.text) == (True, False)
    (failure,) = world.session.scalars(select(PluginFailure))
    assert (failure.module, failure.place) == ("loser", "banyan_search")

    enablement.set_switch(world.session, place.ref, "finder", on=False, by=None, at=world.clock.now())
    world.session.commit()
    assert "Finder’s finds" not in browser.get("/orgs/place/tree/search?q=bo").text


def test_too_little_is_not_asked_of_anybody(world: World, place: Org) -> None:
    browser = world.sign_in(world.admin(place))
    for typed in ("", "b", "%00b"):
        page = browser.get(f"/orgs/place/tree/search?q={typed}")
        assert page.status_code == 200
        assert "Finder’s finds" not in page.text


def test_accounts_are_found_by_the_beginning_of_either_name_within_reach(world: World, app: Banyan) -> None:
    province = world.org(code="province")
    city, sister = world.org(province, "city"), world.org(province, "sister")
    reader = named(world, city, "wang.an")
    named(world, city, "wang.bo")
    named(world, sister, "wang.chao")

    def names(name: str) -> list[str]:
        with app.test_request_context("/orgs/city/"):
            g.code = "city"
            ctx = world.context(reader, city)
            with ctx.session:
                return [label for label, _address in finding.find(ctx, name, 5)]

    assert [label.partition("(")[2] for label in names("WANG.")] == ["wang.an)", "wang.bo)"]
    assert names("ang") == []
    assert names("wang%") == []
