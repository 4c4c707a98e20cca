"""The console's pages of roles and grants."""

from __future__ import annotations

import re

import pytest

from tests.modules.access.people import Province

GRANT = {"role": "treasurer", "organisation": "city", "reach": "self", "start": "", "until": ""}
SHOWN = {"_shown": "account role organisation reach start until"}


@pytest.mark.clause("ORG-09")
def test_a_role_is_granted_and_taken_back(land: Province) -> None:
    browser = land.world.sign_in(land.mayor)
    browser.set_cookie("lang", "en")
    form = browser.get("/orgs/city/grants/new").text
    assert 'value="treasurer"' in form
    sent = {**GRANT, **SHOWN, "account": land.headman.sign_in_name}
    made = browser.post("/orgs/city/grants/new", data=sent)
    assert made.status_code == 303
    page = browser.get(made.location).text
    assert land.headman.sign_in_name in page
    assert "Role granted" in page, "its history is on it"
    assert browser.post(f"{made.location}/end").status_code == 303
    assert "Taken back" in browser.get(made.location).text
    listed = browser.get("/orgs/city/grants?state=ended").text
    assert land.headman.sign_in_name in listed


def test_the_form_offers_only_what_one_may_hand_on(land: Province) -> None:
    wanted = ("access.grant:grant", "access.grant:read", "approvals.inbox:read", "tenancy.org:read")
    role = land.define(land.mayor, "city", *wanted, name="授权员").get_json()["id"]
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, role)
    form = land.world.sign_in(clerk).get("/orgs/city/grants/new").text
    offered = set(re.findall(r'<option value="([^"]+)"', form))
    assert offered == {"member", role}


def test_a_refused_form_keeps_what_was_typed_and_gives_all_reasons(land: Province) -> None:
    browser = land.world.sign_in(land.mayor)
    sent = {**GRANT, **SHOWN, "account": "nobody-here", "organisation": "other-city", "start": "2020-01-01"}
    answer = browser.post("/orgs/city/grants/new", data=sent)
    assert answer.status_code == 422
    assert 'value="nobody-here"' in answer.text
    assert answer.text.count("field-error") == 3


@pytest.mark.clause("ORG-10")
def test_an_own_role_is_defined_edited_and_withdrawn(land: Province) -> None:
    browser = land.world.sign_in(land.mayor)
    sent = {"name": "档案员", "description": "", "permissions": ["tenancy.org:read"]}
    made = browser.post("/orgs/city/own-roles/new", data={**sent, "_shown": "name description permissions"})
    assert made.status_code == 303
    page = browser.get(f"{made.location}/edit").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    edit = {**sent, "permissions": ["tenancy.org:read", "audit.entry:read"], "version": version[1]}
    assert browser.post(f"{made.location}/edit", data=edit).status_code == 303
    stale = browser.post(f"{made.location}/edit", data=edit)
    assert stale.status_code == 422, "somebody else's edit is not overwritten"
    assert browser.post(f"{made.location}/withdraw", data={"version": "x"}).status_code == 422
    assert browser.post(f"{made.location}/withdraw", data={"version": int(version[1]) + 1}).status_code == 303
    assert "档案员" in browser.get("/orgs/city/own-roles").text


def test_the_matrix_shows_every_role_against_every_permission(land: Province) -> None:
    land.define(land.governor, "province", "tenancy.org:read", name="省角色")
    land.define(land.headman, "county", "tenancy.org:read", name="县角色")
    page = land.world.sign_in(land.mayor).get("/orgs/city/roles").text
    table = page[page.index("<table") : page.index("</table>")]
    assert "省角色" in table
    assert "县角色" not in table, "roles of levels below cannot be held here"
    assert table.count('scope="row"') >= 17


@pytest.mark.clause("ORG-11")
def test_the_question_why_is_asked_and_answered_on_one_page(land: Province) -> None:
    browser = land.world.sign_in(land.mayor)
    assert browser.get("/orgs/city/why").status_code == 200
    query = {"account": land.headman.sign_in_name, "permission": "access.grant:grant", "organisation": "county"}
    answer = browser.get("/orgs/city/why", query_string=query)
    assert answer.status_code == 200
    assert "p, org_admin, access.*, allow" in answer.text
    wrong = browser.get("/orgs/city/why", query_string={**query, "account": "nobody-here"})
    assert wrong.status_code == 422
    assert 'value="nobody-here"' in wrong.text


@pytest.mark.clause("ORG-08")
def test_the_search_for_accounts_offers_those_within_reach(land: Province) -> None:
    for name, org in (("wang-here", land.city), ("wang-below", land.county), ("wang-beside", land.other_city)):
        land.world.account(org, name)
    land.world.account(land.city, "wang-suspended", status="suspended")
    browser = land.world.sign_in(land.mayor)
    for page in ("grants", "why"):
        found = browser.get(f"/orgs/city/{page}/accounts?q=WANG").text
        assert re.findall(r'value="([^"]+)"', found) == ["wang-below", "wang-here"]
        assert browser.get(f"/orgs/city/{page}/accounts?q=%00%25").status_code == 200
