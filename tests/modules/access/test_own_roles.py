"""Roles that an organisation defines itself (ORG-10)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from banyan.modules.access.models import PolicyStamp
from banyan.modules.audit.models import AuditEntry
from tests.modules.access.people import Province, fields, reasons

pytestmark = pytest.mark.clause("ORG-10")
ARCHIVE = ("tenancy.org:read", "audit.entry:read")


def test_an_own_role_means_what_it_was_made_of_there_and_below(land: Province) -> None:
    role = land.define(land.mayor, "city", *ARCHIVE)
    assert role.status_code == 201, role.get_json()
    clerk = land.world.account(land.county)
    assert land.give(land.mayor, clerk, role.get_json()["id"], "city", organisation="county").status_code == 201
    assert land.api(clerk, "GET", "county/audit-entries").status_code == 200
    assert land.api(clerk, "GET", "county/grants").status_code == 403
    assert land.api(clerk, "GET", "city/audit-entries").status_code == 404


def test_it_cannot_mean_more_than_its_author_holds(land: Province) -> None:
    author = land.define(land.mayor, "city", "access.role:update", "access.role:read", name="起草人").get_json()["id"]
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, author)
    answer = land.define(clerk, "city", "access.role:read", *ARCHIVE)
    assert answer.status_code == 409
    assert len(reasons(answer)) == 2, "every permission that is missing is named"
    assert land.define(clerk, "city", "access.role:read").status_code == 201


def test_reach_of_ones_own_level_is_not_enough_to_define_a_role_for_all_below(land: Province) -> None:
    narrow = land.world.admin(land.city, reach="self")
    assert land.define(narrow, "city", "tenancy.org:read").status_code == 409


def test_editing_is_held_to_what_is_in_it_and_to_what_is_added(land: Province) -> None:
    role = land.define(land.mayor, "city", *ARCHIVE).get_json()
    author = land.define(land.mayor, "city", "access.role:update", "tenancy.org:read", name="起草人").get_json()["id"]
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, author)
    url, less = f"city/own-roles/{role['id']}", {"name": "档案员", "permissions": ["tenancy.org:read"]}
    assert land.api(clerk, "PUT", url, json={**less, "version": role["version"]}).status_code == 409
    more = {**less, "permissions": [*ARCHIVE, "tenancy.org:export"], "version": role["version"]}
    assert land.api(clerk, "PUT", url, json=more).status_code == 409
    assert land.api(land.mayor, "PUT", url, json=more).status_code == 200


def test_an_edit_holds_from_the_next_request_on(land: Province) -> None:
    role = land.define(land.mayor, "city", *ARCHIVE).get_json()
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, role["id"])
    assert land.api(clerk, "GET", "city/audit-entries").status_code == 200
    edit = {"name": "档案员", "permissions": ["tenancy.org:read"], "version": role["version"]}
    edited = land.api(land.mayor, "PUT", f"city/own-roles/{role['id']}", json=edit)
    assert edited.status_code == 200
    assert edited.get_json()["permissions"] == ["tenancy.org:read"]
    assert land.api(clerk, "GET", "city/audit-entries").status_code == 403
    entry = land.world.session.scalars(select(AuditEntry).where(AuditEntry.action == "access.role.update")).one()
    assert entry.before == {"permissions": sorted(ARCHIVE)}
    assert entry.after == {"permissions": ["tenancy.org:read"]}


def test_upper_levels_see_it_and_can_withdraw_it_and_others_do_not(land: Province) -> None:
    role = land.define(land.headman, "county", *ARCHIVE).get_json()
    clerk = land.world.account(land.county)
    land.world.grant(clerk, land.county, role["id"])
    listed = land.api(land.governor, "GET", "province/own-roles").get_json()["items"]
    assert [(row["name"], row["organisation_code"]) for row in listed] == [("档案员", "county")]
    url = f"own-roles/{role['id']}?version={role['version']}"
    stranger = land.world.admin(land.other_city)
    assert land.api(stranger, "DELETE", f"other-city/{url}").status_code == 404
    assert land.api(stranger, "GET", f"other-city/own-roles/{role['id']}").status_code == 404
    withdrawn = land.api(land.governor, "DELETE", f"province/{url}")
    assert withdrawn.status_code == 200
    assert withdrawn.get_json()["withdrawn_at"]
    assert land.api(clerk, "GET", "county/audit-entries").status_code == 403
    assert land.give(land.headman, clerk, role["id"], "county", "subtree").status_code == 422


def test_a_role_of_a_level_below_or_beside_cannot_be_granted_here(land: Province) -> None:
    below = land.define(land.headman, "county", *ARCHIVE).get_json()["id"]
    assert fields(land.give(land.mayor, land.headman, below, "city")) == {"role"}
    assert land.give(land.mayor, land.headman, below, "city", organisation="county").status_code == 201


def test_a_name_is_taken_once_until_its_role_is_withdrawn(land: Province) -> None:
    first = land.define(land.mayor, "city", *ARCHIVE).get_json()
    again = land.define(land.mayor, "city", *ARCHIVE)
    assert again.status_code == 422
    assert fields(again) == {"name"}
    assert land.define(land.headman, "county", *ARCHIVE).status_code == 201, "another organisation's own name"
    url = f"city/own-roles/{first['id']}?version={first['version']}"
    assert land.api(land.mayor, "DELETE", url).status_code == 200
    assert land.define(land.mayor, "city", *ARCHIVE).status_code == 201


@pytest.mark.parametrize("name", ["org_admin", "Treasurer", "treasurer"])
def test_a_built_in_roles_name_is_not_borrowed(land: Province, name: str) -> None:
    assert fields(land.define(land.mayor, "city", *ARCHIVE, name=name)) == {"name"}


@pytest.mark.parametrize("permissions", [["nothing.at:all"], ["*"], ["tenancy.*"], [], [""]])
def test_only_permissions_that_exist_by_their_whole_name(land: Province, permissions: list[str]) -> None:
    answer = land.define(land.mayor, "city", *permissions)
    assert answer.status_code == 422
    assert {name.split(".")[0] for name in fields(answer)} == {"permissions"}


def test_two_editors_do_not_overwrite_each_other(land: Province) -> None:
    role = land.define(land.mayor, "city", *ARCHIVE).get_json()
    edit = {"name": "档案员", "permissions": ["tenancy.org:read"], "version": role["version"]}
    assert land.api(land.mayor, "PUT", f"city/own-roles/{role['id']}", json=edit).status_code == 200
    assert land.api(land.mayor, "PUT", f"city/own-roles/{role['id']}", json=edit).status_code == 409


def test_every_change_moves_the_stamp_and_a_refused_one_does_not(land: Province) -> None:
    def stamp() -> int:
        land.world.session.expire_all()
        return land.world.session.scalars(select(PolicyStamp.version)).one()

    before = stamp()
    role = land.define(land.mayor, "city", *ARCHIVE).get_json()
    assert stamp() == before + 1
    land.define(land.mayor, "city", *ARCHIVE)
    assert stamp() == before + 1
    land.api(land.mayor, "DELETE", f"city/own-roles/{role['id']}?version={role['version']}")
    assert stamp() == before + 2
