"""A city with activities on, a branch below with members who have sign-ins, and whoever runs things."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from banyan.testing import Installation, World
from banyan_activities.models import Activity
from banyan_activities.settings import FREE


@dataclass
class Club:
    """What tests begin with."""

    banyan: Installation
    world: World
    city: Any
    branch: Any
    elsewhere: Any
    secretary: Any
    members: list[Any] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {**self.world.token(self.secretary), "Accept-Language": "zh-Hans"}

    def join(self, number: int = 1, org: Any = None) -> Any:
        """The account of a new member."""
        place = org or self.branch
        account = self.world.account(place, display_name=f"成员{number:03d}")
        self.world.member(place, f"成员{number:03d}", account)
        return account

    def at(self, **later: float) -> datetime:
        return self.world.clock.now() + timedelta(**later)

    def plan(self, **changes: Any) -> dict[str, Any]:
        """A plan for all members of the city and below, in ten days."""
        return {
            "title": "春季植树",
            "kind": "volunteering",
            "place": "南湖公园",
            "starts_at": self.at(days=10).isoformat(),
            "ends_at": self.at(days=10, hours=3).isoformat(),
            "content": "带上手套",
            **changes,
        }

    def call(self, method: str, path: str, body: Any = None, *, who: Any = None, code: str = "city") -> Any:
        headers = self.headers if who is None else {**self.world.token(who), "Accept-Language": "zh-Hans"}
        client = self.banyan.app.test_client()
        return client.open(f"/api/v1/orgs/{code}/activities{path}", method=method, json=body, headers=headers)

    def planned(self, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", "", self.plan(**changes))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def act(self, activity: dict[str, Any], what: str, **body: Any) -> Any:
        version = self.call("GET", f"/{activity['id']}").get_json()["version"]
        return self.call("POST", f"/{activity['id']}/{what}", {"version": version, **body})

    def published(self, **changes: Any) -> dict[str, Any]:
        """An activity that members can sign up for, published without asking anybody."""
        self.free()
        activity = self.planned(**changes)
        answer = self.act(activity, "publication")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def free(self) -> None:
        """Let the city publish without approval."""
        self.banyan.lay_down(self.world, self.city, FREE, True)

    def sign_up(self, activity: dict[str, Any], who: Any, **body: Any) -> Any:
        return self.call("POST", f"/{activity['id']}/own", body, who=who)

    def row(self, activity: dict[str, Any]) -> Activity:
        self.world.session.expire_all()
        return self.world.session.get_one(Activity, activity["id"])


@pytest.fixture
def club(banyan: Installation, banyan_world: World) -> Club:
    world = banyan_world
    city = world.org(code="city", name="长春市")
    branch, elsewhere = world.org(city, "branch", name="西康路支部"), world.org(code="elsewhere", name="吉林市")
    for org in (city, branch, elsewhere):
        banyan.switch_on(world, org, "activities")
    made = Club(banyan, world, city, branch, elsewhere, world.admin(city))
    made.members = [made.join(number) for number in (1, 2, 3)]
    return made
