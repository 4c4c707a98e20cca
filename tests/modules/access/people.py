"""A province with two cities and a county, their administrators, and what tests ask of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from banyan.kernel.db.embedded import Urls
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org
from tests.factories import World


@dataclass
class Province:
    """The tree and who runs it."""

    world: World
    client: FlaskClient
    province: Org
    city: Org
    other_city: Org
    county: Org
    governor: Account
    mayor: Account
    headman: Account

    def api(self, who: Account, method: str, path: str, **options: Any) -> TestResponse:
        """Ask the API as ``who``."""
        headers = {**self.world.token(who), "Accept-Language": "en"}
        return self.client.open(f"/api/v1/orgs/{path}", method=method, headers=headers, **options)

    def give(
        self, who: Account, to: Account | str, role: str, at: str, reach: str = "self", **more: Any
    ) -> TestResponse:
        """``who`` grants ``role`` at the organisation ``at``."""
        name = to if isinstance(to, str) else to.sign_in_name
        body = {"account": name, "role": role, "reach": reach, **more}
        return self.api(who, "POST", f"{at}/grants", json=body)

    def end(self, who: Account, grant: RoleGrant | str, at: str) -> TestResponse:
        """``who`` takes a grant back."""
        identity = grant if isinstance(grant, str) else grant.id
        return self.api(who, "DELETE", f"{at}/grants/{identity}")

    def define(self, who: Account, at: str, *permissions: str, name: str = "档案员") -> TestResponse:
        """``who`` defines an own role."""
        return self.api(who, "POST", f"{at}/own-roles", json={"name": name, "permissions": list(permissions)})

    def grant_of(self, who: Account) -> RoleGrant:
        """The first grant of an account."""
        found = self.world.session.query(RoleGrant).filter_by(account_id=who.id).order_by(RoleGrant.id).first()
        assert found is not None
        return found


@pytest.fixture
def land(world: World, client: FlaskClient) -> Province:
    """The province."""
    province = world.org(code="province", name="省")
    city = world.org(province, "city", name="市")
    other = world.org(province, "other-city", name="另一市")
    county = world.org(city, "county", name="县")
    admins = (world.admin(org) for org in (province, city, county))
    return Province(world, client, province, city, other, county, *admins)


def at_once(land: Province, urls: Urls, table: str, row: UUID, asks: list[tuple[Account, str, str, Any]]) -> list[int]:
    """What several requests are answered that all wait for one row, and then go on together.

    :param asks: who, method, path after the organisations', JSON body.
    """
    known = [(method, f"/api/v1/orgs/{path}", land.world.token(who), body) for who, method, path, body in asks]
    found: list[int] = []

    def ask(method: str, url: str, headers: dict[str, str], body: Any) -> None:
        found.append(land.world.app.test_client().open(url, method=method, headers=headers, json=body).status_code)

    with psycopg.connect(urls.owner) as holder:
        holder.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE".encode(), [row])
        threads = [threading.Thread(target=ask, args=one) for one in known]
        for thread in threads:
            thread.start()
        _until_waiting(urls, len(threads))
        holder.rollback()
        for thread in threads:
            thread.join()
    return sorted(found)


def _until_waiting(urls: Urls, number: int) -> None:
    question = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    with psycopg.connect(urls.owner, autocommit=True) as watcher:
        for _try in range(500):
            row = watcher.execute(question).fetchone()
            if row is not None and row[0] >= number:
                return
            time.sleep(0.02)
    raise AssertionError("nobody is waiting for the lock")


def reasons(answer: TestResponse) -> list[str]:
    """Why the API said no."""
    return list((answer.get_json() or {}).get("reasons", ()))


def fields(answer: TestResponse) -> set[str]:
    """Against which fields the API said no."""
    return {problem["field"] for problem in (answer.get_json() or {}).get("errors", ())}
