"""What an organisation lays down for all below ends at a link of guidance: modules and settings alike (ORG-12)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.modules.tenancy.models import Org
from banyan.plugins import enablement, manager, settings
from tests.factories import World

pytestmark = [pytest.mark.clause("ORG-12"), pytest.mark.clause("ORG-07")]
Headers = dict[str, str]


@pytest.fixture
def headers(world: World) -> Headers:
    """Of somebody who runs the association, and the guided one below it by a grant of its own.

    jlxh leads led, and guides ccxh, which leads nanguan, which guides far.
    """
    root = world.org(code="jlxh", type="association")
    world.org(root, "led", type="association")
    guided = world.org(root, "ccxh", type="association", link="guidance")
    below = world.org(guided, "nanguan", type="association")
    far = world.org(below, "far", type="association", link="guidance")
    account = world.account(root)
    for org in (root, guided, far):
        world.grant(account, org)
    return world.token(account)


def standing(client: FlaskClient, headers: Headers, code: str) -> tuple[bool, str | None]:
    answer = client.get(f"/api/v1/orgs/{code}/modules/guestbook", headers=headers).get_json()
    return answer["on"], answer["laid_down_by"]


def lay_down(client: FlaskClient, headers: Headers, code: str, policy: str | None) -> Any:
    answer = client.put(f"/api/v1/orgs/{code}/modules/guestbook/policy", json={"policy": policy}, headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return answer


def test_modules_laid_down_above_stop_at_the_link_and_the_preview_says_so(
    client: FlaskClient, headers: Headers
) -> None:
    effects = client.get("/api/v1/orgs/jlxh/modules/guestbook/policy", headers=headers).get_json()
    assert {effect["policy"]: effect["goes_on"] for effect in effects}["mandatory"] == 2, "jlxh and led"
    lay_down(client, headers, "jlxh", "mandatory")
    assert [standing(client, headers, code) for code in ("jlxh", "led", "ccxh", "nanguan", "far")] == [
        (True, "jlxh"),
        (True, "jlxh"),
        (False, None),
        (False, None),
        (False, None),
    ]
    lay_down(client, headers, "ccxh", "mandatory")
    assert standing(client, headers, "nanguan") == (True, "ccxh")
    assert standing(client, headers, "far") == (False, None)
    lay_down(client, headers, "jlxh", "forbidden")
    assert standing(client, headers, "nanguan") == (True, "ccxh"), "the highest setter of those who lead it"
    effects = client.get("/api/v1/orgs/jlxh/modules/guestbook/policy", headers=headers).get_json()
    assert {effect["policy"]: effect["goes_off"] for effect in effects}["forbidden"] == 0


def test_deciding_a_link_shows_which_modules_it_switches(client: FlaskClient, headers: Headers) -> None:
    lay_down(client, headers, "jlxh", "mandatory")
    seen = client.get("/api/v1/orgs/ccxh/link", headers=headers).get_json()
    choices = {choice["link"]: choice for choice in seen["choices"]}
    assert choices["leadership"]["begins"]
    assert len(choices["leadership"]["modules_on"]) == 1
    assert choices["guidance"]["modules_on"] == choices["guidance"]["modules_off"] == []
    body = {"link": "leadership", "decided_on": "2026-02-12", "version": seen["version"]}
    assert client.put("/api/v1/orgs/ccxh/link", json=body, headers=headers).status_code == 200
    assert standing(client, headers, "nanguan") == (True, "jlxh")
    assert standing(client, headers, "far") == (False, None)


def test_settings_stop_there_as_well(app: Banyan, world: World, headers: Headers) -> None:
    with app.app_context():
        plugins = manager.current()
    key = next(
        one.key for one in settings.definitions(plugins).values() if one.kind == "boolean" and one.wins == "highest"
    )
    orgs = {code: world.session.query(Org).filter_by(code=code).one().ref for code in ("jlxh", "led", "ccxh", "far")}
    default = settings.value(world.session, plugins, orgs["jlxh"], key)
    settings.set_value(world.session, plugins, orgs["jlxh"], key, not default, by=None, at=world.clock.now())
    world.session.flush()
    held = {code: settings.value(world.session, plugins, org, key) for code, org in orgs.items()}
    assert held == {"jlxh": not default, "led": not default, "ccxh": default, "far": default}
    assert enablement.standings(world.session, orgs["far"], edge="") == {}
