"""What tests of transfers arrange."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.worker import Runner
from tests.factories import World
from tests.modules.transfers.branches import Branches


@pytest.fixture
def branches(world: World, client: FlaskClient) -> Branches:
    """Two branches below two cities of one province, and one of another tree."""
    root = world.org(code="jilin", name="吉林省")
    city = world.org(root, "changchun", name="长春市")
    prefecture = world.org(root, "yanbian", name="延边州")
    guilin = world.org(city, "guilin", name="桂林街道支部")
    yanji = world.org(prefecture, "yanji", name="延吉支部")
    outside = world.org(code="liaoning", name="辽宁省")
    away = world.org(outside, "shenyang", name="沈阳支部")
    made = []
    for org, role, reach in (
        (guilin, "branch_secretary", "self"),
        (yanji, "branch_secretary", "self"),
        (city, "org_admin", "self"),
        (prefecture, "org_admin", "self"),
        (away, "branch_secretary", "self"),
    ):
        account = world.account(org, display_name=f"{org.name}负责人")
        world.grant(account, org, role, reach)
        made.append(account)
    return Branches(world, client, root, city, prefecture, guilin, yanji, outside, away, *made)


@pytest.fixture
def runner(app: Banyan) -> Runner:
    """Runs long tasks of the application."""
    return runner_of(app, threading.Event())
