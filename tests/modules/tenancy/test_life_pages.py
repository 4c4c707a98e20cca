"""The life of an organisation in the console: a form, what it touches, the confirmation of what was shown."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from banyan.kernel.db.session import Database
from banyan.modules.tenancy.models import OrgType
from tests.factories import World
from tests.modules.tenancy.lives import DECISION, Life

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def life(world: World, client: FlaskClient, db: Database) -> Life:
    return Life.arranged(world, client, db)


@pytest.fixture
def browser(life: Life, world: World) -> FlaskClient:
    return world.sign_in(life.admin, life.client)


def post(browser: FlaskClient, url: str, **form: Any) -> Any:
    return browser.post(url, data=form, headers=ENGLISH, content_type="multipart/form-data")


def hidden(html: str) -> dict[str, Any]:
    """The hidden inputs of the confirmation."""
    form = html[html.index('class="form"') :]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if name != "csrf_token"}


@pytest.mark.clause("ORG-05")
def test_a_move_is_shown_confirmed_and_remembered(life: Life, browser: FlaskClient) -> None:
    assert browser.get("/orgs/county/life/move").status_code == 200
    found = browser.get("/orgs/county/life/move/options?q=吉林").get_data(as_text=True)
    assert "right" in found
    assert "county" not in found
    wrong = post(browser, "/orgs/county/life/move", parent="nowhere", decided_on="2026-02-02", note="随手记")
    assert (wrong.status_code, "随手记" in wrong.get_data(as_text=True)) == (422, True)

    shown = post(
        browser, "/orgs/county/life/move", parent="right", decided_on="2026-02-02", number="8号",
        upload=(io.BytesIO(PDF), "批复.pdf"),
    )  # fmt: skip
    html = shown.get_data(as_text=True)
    assert (shown.status_code, "吉林省 / 吉林市" in html) == (200, True)
    back = re.search(r'href="(/orgs/county/life/move\?[^"]+)"', html)
    assert back
    typed = browser.get(unescape(back[1])).get_data(as_text=True)
    assert all(f'value="{value}"' in typed for value in ("right", "2026-02-02", "8号", hidden(html)["document"]))
    confirmed = post(browser, "/orgs/county/life/move/confirm", **hidden(html))

    assert (confirmed.status_code, confirmed.headers["Location"]) == (303, "/orgs/county/profile")
    profile = browser.get("/orgs/county/profile", headers=ENGLISH).get_data(as_text=True)
    assert "Moved under another organisation" in profile
    document = re.search(r'href="(/orgs/county/documents/[^"]+)"', profile)
    assert document
    assert life.org("county").parent_id == life.right.id


def test_what_changed_meanwhile_is_shown_anew(life: Life, browser: FlaskClient, world: World) -> None:
    html = post(browser, "/orgs/county/life/move", parent="right", decided_on="2026-02-02").get_data(as_text=True)
    world.account(life.street)
    late = post(browser, "/orgs/county/life/move/confirm", **hidden(html))
    again = late.get_data(as_text=True)
    assert (late.status_code, "has changed since it was shown" in again) == (409, True)
    assert post(browser, "/orgs/county/life/move/confirm", **hidden(again)).status_code == 303
    assert post(browser, "/orgs/county/life/move/confirm", parent="left", decided_on="soon").status_code == 422


@pytest.mark.clause("ORG-05")
def test_every_act_walks_through_the_console(life: Life, browser: FlaskClient) -> None:
    renamed = post(browser, "/orgs/street/life/rename", name="桂林路街道", decided_on="2026-02-02")
    assert (
        post(browser, "/orgs/street/life/rename/confirm", **hidden(renamed.get_data(as_text=True))).status_code == 303
    )
    new = {
        "name": "朝阳西区", "code": "west", "founded_on": "2026-01-05",
        "person_in_charge": "成员", "phone": "0431-88880000",
        "decided_on": "2026-02-02", "children": ["street"],
    }  # fmt: skip
    none = post(browser, "/orgs/county/life/split", **{**new, "children": []})
    assert (none.status_code, "go along" in none.get_data(as_text=True)) == (422, True)
    split = post(browser, "/orgs/county/life/split", **new)
    assert post(browser, "/orgs/county/life/split/confirm", **hidden(split.get_data(as_text=True))).status_code == 303
    assert life.org("street").name == "桂林路街道"
    merged = post(browser, "/orgs/west/life/merge", into="county", decided_on="2026-02-02")
    done = post(browser, "/orgs/west/life/merge/confirm", **hidden(merged.get_data(as_text=True)))
    assert done.headers["Location"] == "/orgs/county/profile"
    assert "Merged into another" in browser.get("/orgs/west/profile", headers=ENGLISH).get_data(as_text=True)
    assert browser.get("/orgs/west/life/move", headers=ENGLISH).status_code == 409


@pytest.mark.clause("ORG-04")
def test_an_association_is_deregistered_and_a_league_organisation_revoked(
    life: Life, browser: FlaskClient, world: World
) -> None:
    names = {"zh_Hans": "社会团体", "zh_Hant": "社會團體", "en": "Association"}
    if world.session.get(OrgType, "guild") is None:
        world.session.add(OrgType(key="guild", label=names, parents=[], root=True, ending="deregistered"))
        world.session.commit()
    guild = world.org(life.left, "guild", type="guild")
    assert guild.status == "active"
    shown = browser.get("/orgs/guild/life/revocation", headers=ENGLISH).get_data(as_text=True)
    assert "Deregister the organisation" in shown
    assert post(browser, "/orgs/guild/life/revocation", decided_on="2026-02-02").status_code == 303
    page = browser.get("/orgs/guild/life/revocation", headers=ENGLISH).get_data(as_text=True)
    plan = re.search(r'name="plan" value="([^"]+)"', page)
    assert plan
    done = post(browser, "/orgs/guild/life/revocation/confirm", plan=plan.group(1))
    assert (done.status_code, life.org("guild").status) == (303, "deregistered")
    assert post(browser, "/orgs/guild/life/revocation/confirm", plan=plan.group(1)).status_code == 409, "twice"
    listed = browser.get("/orgs/province/revocations", headers=ENGLISH).get_data(as_text=True)
    assert "Deregistration" in listed

    assert post(browser, "/orgs/street/life/revocation", decided_on="2026-02-02").status_code == 303
    stale = post(browser, "/orgs/street/life/revocation/confirm", plan="another")
    assert (stale.status_code, "changed since" in stale.get_data(as_text=True)) == (409, True)
    assert post(browser, "/orgs/street/life/revocation/withdraw").status_code == 303
    assert life.revoke("street").status_code == 200
    assert "Restore" in browser.get("/orgs/street/profile", headers=ENGLISH).get_data(as_text=True)
    assert post(browser, "/orgs/street/life/restoration", decided_on="2026-02-12").status_code == 303
    assert life.org("street").status == "active"


def test_the_menu_offers_what_one_may(life: Life, browser: FlaskClient, world: World) -> None:
    assert "/orgs/county/life/merge" in browser.get("/orgs/county/profile").get_data(as_text=True)
    own = world.sign_in(world.admin(life.county), life.world.app.test_client())
    profile = own.get("/orgs/county/profile").get_data(as_text=True)
    assert "/orgs/county/life/rename" in profile
    for act in ("move", "merge", "split", "revocation"):
        assert f"/orgs/county/life/{act}" not in profile
    refused = own.post("/orgs/county/life/move", data={"parent": "county", **DECISION}, headers=ENGLISH)
    assert (refused.status_code, "长春市" in refused.get_data(as_text=True)) == (403, True)
