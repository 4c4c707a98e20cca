"""The platform with two modules that declare flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.settings import Settings
from tests.conftest import NOW
from tests.factories import World
from tests.modules.approvals.office import EXTRA, HEARD, STUBBORN, Office


@pytest.fixture(scope="session")
def _app(urls: Any, home: Any) -> Iterator[Banyan]:
    options = Settings.from_env({"BANYAN_HOME": str(home), "BANYAN_POOL_SIZE": "12"})
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW), extra=EXTRA)
    app.config.update(TESTING=False, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()


@pytest.fixture
def office(world: World, client: FlaskClient) -> Iterator[Office]:
    """The office; nothing has been asked yet."""
    HEARD.clear()
    STUBBORN.clear()
    province = world.org(code="province", name="省")
    city = world.org(province, "city", name="市")
    county = world.org(city, "county", name="县")
    other = world.org(province, "other", name="另一市")
    made = (world.account(org, display_name=name) for org, name in ((province, "省长"), (city, "市长")))
    governor, mayor = made
    clerk = world.account(county, display_name="小李")
    stranger = world.account(other, display_name="外人")
    for account, org in ((governor, province), (mayor, city), (clerk, county), (stranger, other)):
        world.grant(account, org)
    found = Office(world, client, province, city, county, other, governor, mayor, clerk, stranger)
    yield found
    for ctx in found.contexts:
        ctx.session.close()
