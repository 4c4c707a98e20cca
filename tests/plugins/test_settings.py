"""Settings that an organisation lays down for itself and all below."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from banyan.boundary import Banyan
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.values import ModuleManifest, SettingDef
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from banyan.plugins import hookimpl, manager, settings
from banyan.plugins.manager import PluginError
from banyan.plugins.settings import _standing
from tests.factories import World

Headers = dict[str, str]


@pytest.fixture
def line(world: World) -> list[Org]:
    """A province, a city, a county: each below the last; the guestbook is on everywhere."""
    province = world.org(code="province", name="吉林省")
    city = world.org(province, "city")
    return [province, city, world.org(city, "county")]


@pytest.fixture
def headers(client: FlaskClient, world: World, line: list[Org]) -> Headers:
    found = world.token(world.admin(line[0]))
    client.put("/api/v1/orgs/province/modules/guestbook/policy", json={"policy": "mandatory"}, headers=found)
    return found


def put(client: FlaskClient, headers: Headers, code: str, values: dict[str, Any], **more: Any) -> Any:
    return client.put(f"/api/v1/orgs/{code}/settings", json={"values": values, **more}, headers=headers)


def found(client: FlaskClient, headers: Headers, code: str) -> dict[str, dict[str, Any]]:
    items = client.get(f"/api/v1/orgs/{code}/settings", headers=headers).get_json()["items"]
    return {item["key"]: item for item in items}


@pytest.mark.clause("ORG-07")
def test_a_rule_from_above_holds_below_and_cannot_be_undone(
    client: FlaskClient, headers: Headers, session: ScopedSession
) -> None:
    assert put(client, headers, "county", {"guestbook.lines": 20}).status_code == 200
    assert found(client, headers, "county")["guestbook.lines"]["value"] == 20

    assert put(client, headers, "province", {"guestbook.lines": 5}).status_code == 200

    at_county = found(client, headers, "county")["guestbook.lines"]
    assert (at_county["value"], at_county["own"], at_county["changeable"]) == (5, 20, False)
    assert at_county["laid_down_by"] == "province"
    both = {"guestbook.lines": 30, "guestbook.title": "本县留言"}
    refused = put(client, headers, "county", both)
    assert refused.status_code == 409
    assert "吉林省" in refused.get_json()["reasons"][0]
    assert found(client, headers, "county")["guestbook.title"]["value"] == "Guestbook"

    assert put(client, headers, "county", {"guestbook.lines": None}).status_code == 200
    assert put(client, headers, "province", {"guestbook.lines": None}).status_code == 200
    assert found(client, headers, "county")["guestbook.lines"]["value"] == 10
    entry = session.query(AuditEntry).filter_by(action="tenancy.setting.update").order_by(AuditEntry.id.desc()).first()
    assert entry is not None
    assert (entry.before, entry.after) == ({"guestbook.lines": 5}, {"guestbook.lines": None})


def test_of_a_preference_the_nearest_holds(client: FlaskClient, headers: Headers) -> None:
    put(client, headers, "province", {"guestbook.title": "全省留言"})
    put(client, headers, "city", {"guestbook.title": "全市留言"})
    held = {code: found(client, headers, code)["guestbook.title"] for code in ("province", "city", "county")}
    assert [held[code]["value"] for code in held] == ["全省留言", "全市留言", "全市留言"]
    assert [held[code]["laid_down_by"] for code in held] == ["province", "city", "city"]
    assert held["county"]["changeable"] is True


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("guestbook.lines", 0),
        ("guestbook.lines", 51),
        ("guestbook.lines", "5"),
        ("guestbook.lines", True),
        ("guestbook.lines", 2**70),
        ("guestbook.signed", 1),
        ("guestbook.title", "x"),
        ("guestbook.title", "x" * 21),
        ("guestbook.title", "a\x00b"),
        ("guestbook.order", "upside down"),
        ("guestbook.order", ["newest"]),
        ("guestbook.nothing", 1),
        ("elsewhere.thing", 1),
    ],
)
def test_what_the_definition_does_not_allow_is_refused_with_its_reason(
    client: FlaskClient, headers: Headers, key: str, value: Any
) -> None:
    answer = put(client, headers, "city", {key: value, "guestbook.order": value})
    assert answer.status_code == 422
    assert key in [problem["field"] for problem in answer.get_json()["errors"]]


def test_settings_of_a_module_that_is_off_are_not_there(client: FlaskClient, headers: Headers, line: list[Org]) -> None:
    assert put(client, headers, "county", {"guestbook.title": "留言"}).status_code == 200
    client.put("/api/v1/orgs/province/modules/guestbook/policy", json={"policy": "forbidden"}, headers=headers)
    assert not [key for key in found(client, headers, "county") if key.startswith("guestbook.")]
    assert "accounts.codes_allowed" in found(client, headers, "county")
    assert put(client, headers, "county", {"guestbook.title": "留言簿"}).status_code == 422


def test_two_who_change_settings_at_once_do_not_overwrite_each_other(client: FlaskClient, headers: Headers) -> None:
    read = client.get("/api/v1/orgs/city/settings", headers=headers).get_json()["version"]
    assert put(client, headers, "city", {"guestbook.title": "先到"}, version=read).status_code == 200
    assert put(client, headers, "city", {"guestbook.title": "后到"}, version=read).status_code == 409
    assert found(client, headers, "city")["guestbook.title"]["value"] == "先到"


def test_the_page_shows_where_each_value_comes_from_and_lifts_it(
    client: FlaskClient, headers: Headers, world: World, line: list[Org]
) -> None:
    put(client, headers, "province", {"guestbook.signed": True})
    browser = world.sign_in(world.admin(line[1]))
    page = browser.get("/orgs/city/settings", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Laid down by 吉林省" in page
    assert 'name="guestbook.signed"' not in page
    version = page.split('name="version" value="')[1].split('"')[0]
    typed = {"version": version, "guestbook.title": "x", "guestbook.lines": "99", "guestbook.order": "oldest"}

    wrong = browser.post("/orgs/city/settings", data=typed)
    assert wrong.status_code == 422
    assert wrong.get_data(as_text=True).count('class="field-error"') == 2
    assert 'value="99"' in wrong.get_data(as_text=True)

    typed |= {"guestbook.title": "全市留言", "guestbook.lines": ""}
    assert browser.post("/orgs/city/settings", data=typed).status_code == 303
    at_city = found(client, headers, "city")
    assert (at_city["guestbook.order"]["own"], at_city["guestbook.lines"]["own"]) == ("oldest", None)
    assert browser.post("/orgs/city/settings", data=typed).status_code == 422

    assert browser.post("/orgs/city/settings/lift", data={"key": "guestbook.title"}).status_code == 303
    assert found(client, headers, "city")["guestbook.title"]["own"] is None
    assert browser.post("/orgs/city/settings/lift", data={"key": "nothing"}).status_code == 422


def test_one_statement_answers_for_all_settings_of_the_line(
    app: Banyan, client: FlaskClient, headers: Headers, line: list[Org], session: ScopedSession, statements: list[str]
) -> None:
    put(client, headers, "province", {"guestbook.lines": 7})
    with app.app_context():
        statements.clear()
        held = settings.values(session, manager.current(), line[2].ref)
    assert held["guestbook.lines"] == 7
    assert len([one for one in statements if "org_setting" in one]) == 1


def test_a_module_with_an_unusable_definition_keeps_the_platform_from_starting() -> None:
    class Odd:
        def __init__(self, *defined: SettingDef) -> None:
            self.defined = defined

        @hookimpl
        def banyan_manifest(self) -> ModuleManifest:
            return ModuleManifest("odd", "Odd", "", "1")

        @hookimpl
        def banyan_settings(self) -> tuple[SettingDef, ...]:
            return self.defined

    for wrong in (
        (SettingDef("other.key", "", "boolean", True),),
        (SettingDef("odd.key", "", "integer", 3, maximum=2),),
        (SettingDef("odd.key", "", "boolean", True), SettingDef("odd.key", "", "boolean", True)),
    ):
        with pytest.raises(PluginError, match="setting"):
            settings.definitions(manager.load({}, {"odd": Odd(*wrong)}))


@given(st.dictionaries(st.sampled_from(["1.", "1.1.", "1.1.1.", "1.1.1.1."]), st.booleans()))
def test_of_a_rule_what_is_laid_down_below_never_matters(laid_down: dict[str, bool]) -> None:
    rule = SettingDef("m.key", "", "boolean", False, wins="highest")
    ordered = dict(sorted(laid_down.items()))
    standing = _standing(rule, dict(ordered), "1.1.1.1.")
    expected = next(iter(ordered.values()), False)
    assert standing.value is expected
    if standing.bound:
        ordered.pop("1.1.1.1.", None)
        assert standing.value is next(iter(ordered.values()))
