"""Switching modules on and off, and laying them down for those below (ORG-07)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from banyan.boundary import Banyan
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.events import OutboxEvent
from banyan.kernel.jobs import start
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.rules import Area, Turned, turned
from tests.factories import World
from tests.plugins.banyan_guestbook.models import Entry

Headers = dict[str, str]
pytestmark = pytest.mark.clause("ORG-07")


@pytest.fixture
def line(world: World) -> list[Org]:
    """A province, a city, a county: each below the last."""
    province = world.org(code="province")
    city = world.org(province, "city")
    return [province, city, world.org(city, "county")]


@pytest.fixture
def headers(world: World, line: list[Org]) -> Headers:
    return world.token(world.admin(line[0]))


def switch(client: FlaskClient, headers: Headers, code: str, *, on: bool, name: str = "guestbook") -> Any:
    return client.put(f"/api/v1/orgs/{code}/modules/{name}", json={"on": on}, headers=headers)


def lay_down(client: FlaskClient, headers: Headers, code: str, policy: str | None, name: str = "guestbook") -> Any:
    return client.put(f"/api/v1/orgs/{code}/modules/{name}/policy", json={"policy": policy}, headers=headers)


def standing(client: FlaskClient, headers: Headers, code: str, name: str = "guestbook") -> dict[str, Any]:
    found = client.get(f"/api/v1/orgs/{code}/modules", headers=headers).get_json()
    return next(module for module in found if module["name"] == name)


def is_there(client: FlaskClient, headers: Headers, code: str) -> bool:
    answer = client.get(f"/api/v1/orgs/{code}/guestbook", headers=headers)
    assert answer.status_code in (200, 404)
    return bool(answer.status_code == 200)


def reasons(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.get_json()
    found: list[str] = answer.get_json()["reasons"]
    return found


def test_a_module_is_off_until_somebody_switches_it_on(
    client: FlaskClient, headers: Headers, line: list[Org], session: ScopedSession
) -> None:
    assert not is_there(client, headers, "county")

    assert switch(client, headers, "county", on=True).get_json()["on"] is True

    assert is_there(client, headers, "county")
    assert not is_there(client, headers, "city")
    assert session.query(AuditEntry).filter_by(action="tenancy.module.switch_on").one().subject_id == "guestbook"
    assert session.query(OutboxEvent).one().payload == {"module": "guestbook", "on": True}


def test_off_it_answers_404_everywhere_and_on_again_it_is_whole(
    client: FlaskClient, headers: Headers, world: World, line: list[Org], session: ScopedSession
) -> None:
    browser = world.sign_in(world.admin(line[0]))
    switch(client, headers, "county", on=True)
    client.post("/api/v1/orgs/county/guestbook", json={"text": "你好"}, headers=headers)

    assert switch(client, headers, "county", on=False).get_json()["on"] is False

    paths = ("/api/v1/orgs/county/guestbook", "/orgs/county/guestbook", "/orgs/county/guestbook/card")
    for path in paths:
        assert client.get(path, headers=headers).status_code == 404 or path.startswith("/orgs")
        assert path.startswith("/api") or browser.get(path).status_code == 404
    assert client.post("/api/v1/orgs/county/guestbook", json={"text": "x"}, headers=headers).status_code == 404
    export = {"list": "guestbook_entries"}
    assert client.post("/api/v1/orgs/county/exports", json=export, headers=headers).status_code == 422
    assert "/orgs/county/guestbook" not in browser.get("/orgs/county/").get_data(as_text=True)

    switch(client, headers, "county", on=True)

    texts = [row["text"] for row in client.get(paths[0], headers=headers).get_json()["items"]]
    assert "你好" in texts
    assert session.query(Entry).count() == 4
    assert "/orgs/county/guestbook" in browser.get("/orgs/county/").get_data(as_text=True)


def test_what_is_always_on_cannot_be_switched(client: FlaskClient, headers: Headers, line: list[Org]) -> None:
    assert standing(client, headers, "county", "audit")["always_on"] is True
    for name in ("audit", "tasks", "tenancy"):
        assert reasons(switch(client, headers, "county", on=False, name=name))
        assert reasons(lay_down(client, headers, "county", "forbidden", name=name))
    assert switch(client, headers, "county", on=True, name="nothing").status_code == 404


def test_dependencies_hold_both_ways(client: FlaskClient, headers: Headers, line: list[Org]) -> None:
    assert reasons(switch(client, headers, "county", on=True, name="ribbon"))
    switch(client, headers, "county", on=True)
    assert switch(client, headers, "county", on=True, name="ribbon").status_code == 200

    assert reasons(switch(client, headers, "county", on=False))
    assert reasons(lay_down(client, headers, "county", "mandatory", name="ribbon"))

    lay_down(client, headers, "county", "mandatory")
    assert lay_down(client, headers, "county", "mandatory", name="ribbon").status_code == 200
    assert reasons(lay_down(client, headers, "county", "forbidden"))


@pytest.mark.clause("PLG-04")
def test_what_it_needs_is_switched_on_with_it_when_that_is_asked_for(
    client: FlaskClient, headers: Headers, line: list[Org], session: ScopedSession
) -> None:
    address = "/api/v1/orgs/county/modules/ribbon"
    about = client.get(address, headers=headers).get_json()
    assert (about["needs"], about["missing"]) == (["guestbook"], ["guestbook"])

    assert client.put(address, json={"on": True, "with_needed": True}, headers=headers).get_json()["on"] is True

    assert is_there(client, headers, "county")
    switched = session.query(AuditEntry).filter_by(action="tenancy.module.switch_on").order_by(AuditEntry.id)
    assert [one.subject_id for one in switched] == ["guestbook", "ribbon"]
    about = client.get("/api/v1/orgs/county/modules/guestbook", headers=headers).get_json()
    assert about["needed_by"] == ["ribbon"]
    assert {one["name"] for one in about["permissions"]} >= {"guestbook.entry:read", "guestbook.entry:create"}
    assert about["holds"]


@pytest.mark.clause("PLG-04")
def test_what_cannot_be_switched_on_with_it_stops_all_of_it(
    client: FlaskClient, headers: Headers, world: World, line: list[Org]
) -> None:
    lay_down(client, headers, "province", "forbidden")
    address = "/api/v1/orgs/county/modules/ribbon"
    assert len(reasons(client.put(address, json={"on": True, "with_needed": True}, headers=headers))) == 1
    browser = world.sign_in(world.admin(line[0]))
    refused = browser.post("/orgs/county/modules/ribbon/on", data={"with_needed": "true"})
    assert refused.status_code == 409
    assert standing(client, headers, "county", "ribbon")["on"] is False


def test_a_refusal_lists_every_reason(
    app: Banyan, client: FlaskClient, headers: Headers, world: World, line: list[Org]
) -> None:
    ctx = world.context(world.admin(line[2]), line[2], Subtree(line[2].ref))
    with app.app_context(), ctx.session:
        start(ctx, "tasks.export", "x", line[2].ref, {}, language="en")
        ctx.session.commit()
    lay_down(client, headers, "province", "forbidden")

    assert len(reasons(switch(client, headers, "county", on=True))) == 2
    assert not is_there(client, headers, "county")


def test_mandatory_reaches_all_below_and_cannot_be_switched_off(
    client: FlaskClient, headers: Headers, line: list[Org]
) -> None:
    lay_down(client, headers, "city", "mandatory")

    assert [is_there(client, headers, code) for code in ("province", "city", "county")] == [False, True, True]
    assert reasons(switch(client, headers, "county", on=False))
    found = standing(client, headers, "county")
    assert (found["policy"], found["laid_down_by"], found["own_policy"]) == ("mandatory", "city", None)


def test_forbidden_reaches_all_below_and_lifting_it_brings_everything_back(
    client: FlaskClient, headers: Headers, line: list[Org]
) -> None:
    switch(client, headers, "county", on=True)

    lay_down(client, headers, "province", "forbidden")

    assert not is_there(client, headers, "county")
    assert reasons(switch(client, headers, "city", on=True))
    lay_down(client, headers, "province", None)
    assert is_there(client, headers, "county")
    assert not is_there(client, headers, "city")


@pytest.mark.parametrize("higher_first", [True, False])
def test_the_highest_setter_wins(client: FlaskClient, headers: Headers, line: list[Org], *, higher_first: bool) -> None:
    steps = [("province", "mandatory"), ("city", "forbidden")]
    for code, policy in steps if higher_first else reversed(steps):
        assert lay_down(client, headers, code, policy).status_code == 200

    assert [is_there(client, headers, code) for code in ("province", "city", "county")] == [True, True, True]
    found = standing(client, headers, "city")
    assert (found["policy"], found["laid_down_by"], found["own_policy"]) == ("mandatory", "province", "forbidden")

    lay_down(client, headers, "province", None)
    assert not is_there(client, headers, "county")


def test_a_preview_tells_how_many_would_notice(
    client: FlaskClient, headers: Headers, world: World, line: list[Org]
) -> None:
    switch(client, headers, "county", on=True)
    other = world.org(line[0], "other")
    world.org(other)
    lay_down(client, headers, "other", "mandatory")

    found = client.get("/api/v1/orgs/province/modules/guestbook/policy", headers=headers).get_json()

    effects = {one["policy"]: (one["goes_on"], one["goes_off"]) for one in found}
    assert effects == {"mandatory": (2, 0), "forbidden": (0, 3), "allowed": (0, 2), None: (0, 0)}


def test_who_may_only_look_may_not_switch(client: FlaskClient, world: World, line: list[Org]) -> None:
    auditor = world.token(world.admin(line[0], role="org_auditor"))
    assert standing(client, auditor, "county")["on"] is False
    assert switch(client, auditor, "county", on=True).status_code == 403
    assert lay_down(client, auditor, "county", "forbidden").status_code == 403


def test_the_console_switches_and_shows_every_reason(world: World, line: list[Org]) -> None:
    browser = world.sign_in(world.admin(line[0]))
    assert browser.get("/orgs/county/modules").status_code == 200
    for name in ("ribbon", "guestbook", "audit"):
        assert browser.get(f"/orgs/county/modules/{name}").status_code == 200
    assert browser.post("/orgs/county/modules/ribbon/on").status_code == 409
    assert browser.post("/orgs/county/modules/guestbook/on").status_code == 303
    assert browser.get("/orgs/county/guestbook").status_code == 200
    assert browser.get("/orgs/city/modules/guestbook/policy").status_code == 200

    assert browser.post("/orgs/city/modules/guestbook/policy", data={"policy": "forbidden"}).status_code == 303

    assert browser.get("/orgs/county/guestbook").status_code == 404
    assert browser.post("/orgs/county/modules/guestbook/off").status_code == 303


POLICY = st.sampled_from([None, "mandatory", "allowed", "forbidden"])
AREA = st.builds(
    lambda policy, switched, rest: Area(policy, switched + rest, switched), POLICY, st.integers(0, 9), st.integers(0, 9)
)


@given(st.lists(AREA, max_size=6), POLICY, POLICY)
def test_a_preview_counts_what_really_changes(areas: list[Area], before: str | None, after: str | None) -> None:
    def on(policy: str | None, *, switched: bool) -> bool:
        return policy == "mandatory" or (switched and policy != "forbidden")

    gone_on = gone_off = 0
    for area in areas:
        for position in range(area.total):
            switched = position < area.switched
            old, new = (on(above or area.policy, switched=switched) for above in (before, after))
            gone_on += new and not old
            gone_off += old and not new
    assert turned(areas, before, after) == Turned(gone_on, gone_off)
