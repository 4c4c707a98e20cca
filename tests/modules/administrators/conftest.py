"""Two levels to apply and decide in."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.factories import World
from tests.modules.administrators.offices import Offices


@pytest.fixture
def offices(world: World, client: FlaskClient) -> Offices:
    """A province, its city with an administrator, and a county without one."""
    province = world.org(code="province", name="吉林省")
    city = world.org(province, "city", name="长春市")
    county = world.org(city, "county", name="朝阳区")
    mayor = world.account(city, display_name="市级管理员")
    world.grant(mayor, city)
    return Offices(world, client, province, city, county, mayor)
