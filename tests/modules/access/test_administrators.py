"""The last administrator of an organisation stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.modules.access.models import RoleGrant
from tests.modules.access.people import Province, at_once

pytestmark = pytest.mark.clause("ORG-09")


def test_the_last_administrator_cannot_be_removed_and_the_second_last_can(land: Province) -> None:
    assert land.end(land.governor, land.grant_of(land.mayor), "city").status_code == 409
    land.world.admin(land.city)
    assert land.end(land.governor, land.grant_of(land.mayor), "city").status_code == 200


@pytest.mark.parametrize("stand_in", ["suspended", "expired", "to_come", "auditor", "above"])
def test_somebody_who_cannot_act_is_no_administrator(land: Province, clock: FixedClock, stand_in: str) -> None:
    now, day = clock.instant, timedelta(days=1)
    account = land.world.account(land.city, status="suspended" if stand_in == "suspended" else "active")
    at = land.province if stand_in == "above" else land.city
    dates = {
        "expired": {"not_before": now - day, "not_after": now},
        "to_come": {"not_before": now + day},
    }.get(stand_in, {})
    land.world.grant(account, at, "org_auditor" if stand_in == "auditor" else "org_admin", **dates)
    assert land.end(land.governor, land.grant_of(land.mayor), "city").status_code == 409


def test_two_people_removing_the_last_two_at_once_do_not_both_succeed(land: Province, urls: Urls) -> None:
    second = land.world.admin(land.city)
    tries = [(land.mayor, land.grant_of(second)), (second, land.grant_of(land.mayor))]
    asks = [(who, "DELETE", f"city/grants/{grant.id}", {}) for who, grant in tries]
    found = at_once(land, urls, "org", land.city.id, asks)
    assert sorted(found) == [200, 409]
    valid = select(RoleGrant.id).where(RoleGrant.org_id == land.city.id, RoleGrant.ended_at.is_(None))
    assert len(land.world.session.scalars(valid).all()) == 1


def test_withdrawing_or_emptying_a_role_does_not_leave_an_organisation_alone(land: Province) -> None:
    wanted = ("access.grant:grant", "tenancy.org:read")
    role = land.define(land.governor, "province", *wanted).get_json()
    keeper = land.world.account(land.other_city)
    land.world.grant(keeper, land.other_city, role["id"])
    url = f"province/own-roles/{role['id']}"
    edit = {"name": "档案员", "permissions": ["tenancy.org:read"], "version": role["version"]}
    assert land.api(land.governor, "PUT", url, json=edit).status_code == 409
    assert land.api(land.governor, "DELETE", f"{url}?version={role['version']}").status_code == 409
    land.world.admin(land.other_city)
    assert land.api(land.governor, "DELETE", f"{url}?version={role['version']}").status_code == 200
