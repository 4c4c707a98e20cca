"""A province with two cities and a county, their administrators, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from tests.factories import World
from werkzeug.test import TestResponse

from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org


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


def reasons(answer: TestResponse) -> list[str]:
    """Why the API said no."""
    return list((answer.get_json() or {}).get("reasons", ()))


def fields(answer: TestResponse) -> set[str]:
    """Against which fields the API said no."""
    return {problem["field"] for problem in (answer.get_json() or {}).get("errors", ())}
