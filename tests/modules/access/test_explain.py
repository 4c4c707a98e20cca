"""Why somebody may or may not do something somewhere (ORG-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from banyan.modules.accounts.models import Account
from tests.modules.access.people import Province, fields

pytestmark = pytest.mark.clause("ORG-11")


def why(land: Province, asker: Account, about: Account, permission: str, at: str, here: str = "") -> dict[str, Any]:
    """The answer of the API."""
    query = {"account": about.sign_in_name, "permission": permission, "organisation": at}
    answer = land.api(asker, "GET", f"{here or at}/explanation", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def test_what_is_allowed_names_grant_role_and_policy_line(land: Province) -> None:
    grant = land.world.grant(land.world.account(land.city, "clerk"), land.city, "deputy_secretary_general")
    clerk = land.world.session.get_one(Account, grant.account_id)
    found = why(land, land.mayor, clerk, "tenancy.org:update", "county", "city")
    assert found["allowed"] is True
    assert found["deciding"]["id"] == str(grant.id)
    assert found["deciding"]["role"] == "deputy_secretary_general"
    assert found["deciding"]["organisation_code"] == "city"
    assert found["line"] == "p, secretary_general, tenancy.org:update, allow", "also where the role includes another"
    assert found["policy_version"] >= 1


def test_what_is_not_allowed_says_why_each_grant_did_not_decide(land: Province) -> None:
    clerk, now, day = land.world.account(land.city), land.world.clock.now(), timedelta(days=1)
    give = land.world.grant
    give(clerk, land.city, "treasurer")
    give(clerk, land.city, "org_admin", not_before=now + day)
    give(clerk, land.city, "org_admin", not_before=now - 2 * day, not_after=now - day)
    give(clerk, land.county, "org_admin", "self", ended_at=now)
    give(clerk, land.county, "branch_secretary")
    give(clerk, land.city, "no-such-role")
    found = why(land, land.governor, clerk, "access.grant:grant", "city", "province")
    assert found["allowed"] is False
    assert found["reason"] == "no_permission"
    verdicts = sorted((item["role"], item["verdict"]) for item in found["considered"])
    lacking = {("treasurer", "lacks"), ("no-such-role", "lacks"), ("treasurer", "decides"), ("no-such-role", "decides")}
    assert set(verdicts) - lacking == {
        ("branch_secretary", "out_of_reach"),
        ("org_admin", "ended"),
        ("org_admin", "expired"),
        ("org_admin", "not_yet"),
    }
    assert len(set(verdicts) & lacking) == 2
    assert found["line"] == ""


def test_a_withdrawn_role_is_said_to_be_withdrawn(land: Province) -> None:
    role = land.define(land.mayor, "city", "audit.entry:read").get_json()
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, role["id"])
    land.world.grant(clerk, land.county, "member")
    land.api(land.mayor, "DELETE", f"city/own-roles/{role['id']}?version={role['version']}")
    found = why(land, land.mayor, clerk, "audit.entry:read", "county", "city")
    assert found["reason"] == "no_permission"
    by_role = {item["role"]: item["verdict"] for item in found["considered"]}
    assert by_role[role["id"]] in ("withdrawn", "decides")


def test_no_grant_at_all_and_suspension_are_reasons_too(land: Province) -> None:
    idle = land.world.account(land.city)
    assert why(land, land.mayor, idle, "tenancy.org:read", "city")["reason"] == "no_grant"
    suspended = land.world.account(land.city, status="suspended")
    land.world.grant(suspended, land.city, "org_admin")
    found = why(land, land.mayor, suspended, "tenancy.org:read", "city")
    assert (found["allowed"], found["reason"]) == (False, "suspended")


def test_the_answer_is_the_one_the_gate_gives(land: Province) -> None:
    accounts = [land.governor, land.mayor, land.headman, land.world.admin(land.county, "branch_secretary", "self")]
    for account in accounts:
        for code, org in (("city", land.city), ("county", land.county)):
            found = why(land, land.governor, account, "access.role:update", code, "province")
            form = land.world.sign_in(account).get(f"/orgs/{org.code}/own-roles/new")
            assert (form.status_code == 200) == found["allowed"], (account.sign_in_name, code)


def test_one_asks_only_about_accounts_and_places_within_reach(land: Province) -> None:
    stranger = land.world.admin(land.other_city)
    asked = {"permission": "tenancy.org:read", "organisation": "city"}
    unknown = land.api(land.mayor, "GET", "city/explanation", query_string={**asked, "account": "nobody-here"})
    foreign = land.api(land.mayor, "GET", "city/explanation", query_string={**asked, "account": stranger.sign_in_name})
    assert (unknown.status_code, fields(unknown)) == (422, {"account"})
    assert unknown.get_json()["errors"] == foreign.get_json()["errors"]
    for code in ("province", "other-city", "nowhere"):
        query = {**asked, "organisation": code, "account": land.headman.sign_in_name}
        answer = land.api(land.mayor, "GET", "city/explanation", query_string=query)
        assert (answer.status_code, fields(answer)) == (422, {"organisation"})


def test_grants_beyond_the_askers_reach_stay_out_of_sight(land: Province) -> None:
    traveller = land.world.admin(land.city, "branch_secretary")
    land.world.grant(traveller, land.other_city, "org_admin")
    seen = why(land, land.mayor, traveller, "tenancy.org:read", "city")["considered"]
    assert [item["organisation_code"] for item in seen] == ["city"]
    whole = why(land, land.governor, traveller, "tenancy.org:read", "city", "province")["considered"]
    assert {item["organisation_code"] for item in whole} == {"city", "other-city"}


def test_a_grant_from_above_that_decides_here_is_named(land: Province) -> None:
    inspector = land.world.account(land.province)
    land.world.grant(inspector, land.province, "org_auditor")
    land.world.grant(inspector, land.city, "treasurer", "self")
    found = why(land, land.mayor, inspector, "audit.entry:read", "city")
    assert found["deciding"]["organisation_code"] == "province"


def test_only_with_the_right_to_ask(land: Province) -> None:
    secretary = land.world.admin(land.city, "branch_secretary")
    query = {"account": land.mayor.sign_in_name, "permission": "tenancy.org:read"}
    assert land.api(secretary, "GET", "city/explanation", query_string=query).status_code == 403
