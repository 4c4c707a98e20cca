"""The last administrator of an organisation stays."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select
from tests.modules.access.people import Province

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.modules.access.models import RoleGrant

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
    asked = [(land.world.token(who), f"/api/v1/orgs/city/grants/{grant.id}") for who, grant in tries]
    found: list[int] = []

    def remove(headers: dict[str, str], url: str) -> None:
        found.append(land.world.app.test_client().delete(url, headers=headers).status_code)

    with psycopg.connect(urls.owner) as holder:
        holder.execute("SELECT 1 FROM org WHERE id = %s FOR UPDATE", [land.city.id])
        threads = [threading.Thread(target=remove, args=one) for one in asked]
        for thread in threads:
            thread.start()
        _until_waiting(urls, len(threads))
        holder.rollback()
        for thread in threads:
            thread.join()
    assert sorted(found) == [200, 409]
    valid = select(RoleGrant.id).where(RoleGrant.org_id == land.city.id, RoleGrant.ended_at.is_(None))
    assert len(land.world.session.scalars(valid).all()) == 1


def _until_waiting(urls: Urls, number: int) -> None:
    question = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    with psycopg.connect(urls.owner, autocommit=True) as watcher:
        for _try in range(200):
            row = watcher.execute(question).fetchone()
            if row is not None and row[0] >= number:
                return
            time.sleep(0.02)
    raise AssertionError("nobody is waiting for the lock")


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
