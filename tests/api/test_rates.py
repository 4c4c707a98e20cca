"""Limits of requests: by token, by address for strangers, across processes (API-01)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from banyan.api import rates
from banyan.api.rates import RequestCount
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.session import Database
from banyan.modules.accounts.token_jobs import purge_api
from tests.factories import World

pytestmark = pytest.mark.clause("API-01")


@pytest.fixture
def limited(app: Banyan) -> Iterator[rates.Rates]:
    """Five requests a minute, two of them writes, three from strangers; told to the others at once."""
    held = app.extensions["banyan.rates"]
    settings = replace(app.extensions["banyan.runtime"].settings, api_requests=5, api_writes=2, api_strangers=3)
    app.extensions["banyan.rates"] = made = rates.Rates(settings)
    made.exchange_seconds = 0
    yield made
    app.extensions["banyan.rates"] = held


def test_a_token_is_told_what_is_left_and_when_to_come_back(
    client: FlaskClient, world: World, limited: rates.Rates, clock: FixedClock
) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    clock.instant += timedelta(seconds=20)
    left = []
    for _time in range(5):
        answer = client.get("/api/v1/orgs/place", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"requests";q=5;w=60'
        left.append(answer.headers["RateLimit"])
    assert left == [f'"requests";r={rest};t=40' for rest in (4, 3, 2, 1, 0)]
    over = client.get("/api/v1/orgs/place", headers=headers)
    assert (over.status_code, over.headers["Retry-After"], over.mimetype) == (429, "40", "application/problem+json")
    assert over.get_json()["type"] == "urn:banyan:problem:too-many-requests"
    other = world.token(world.admin(world.org(code="elsewhere")))
    assert client.get("/api/v1/orgs/elsewhere", headers=other).status_code == 200, "limits are each token's own"
    clock.instant += timedelta(seconds=40)
    assert client.get("/api/v1/orgs/place", headers=headers).status_code == 200


def test_writes_have_a_stricter_limit(client: FlaskClient, world: World, limited: rates.Rates) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    statuses = [client.patch("/api/v1/me", json={}, headers=headers).status_code for _time in range(3)]
    assert statuses == [200, 200, 429]
    read = client.get("/api/v1/me", headers=headers)
    assert (read.status_code, read.headers["RateLimit"].split(";")[1]) == (200, "r=2")


def test_strangers_are_counted_by_address(client: FlaskClient, world: World, limited: rates.Rates) -> None:
    world.org(code="place")
    found = [client.get("/api/v1/orgs/place", headers={"Authorization": "Bearer x"}).status_code for _t in range(4)]
    assert found == [401, 401, 401, 429]
    assert client.get("/api/openapi.json").status_code == 429
    elsewhere = {"REMOTE_ADDR": "198.51.100.9"}
    assert client.get("/api/openapi.json", environ_base=elsewhere).status_code == 200
    assert client.get("/sign-in").status_code == 200, "the console is no API"


def test_processes_count_together(app: Banyan, client: FlaskClient, world: World, limited: rates.Rates) -> None:
    """Two `Rates` are two processes: what one let through the other knows after its own first request."""
    headers = world.token(world.admin(world.org(code="place")))
    other = rates.Rates(replace(app.extensions["banyan.runtime"].settings, api_requests=5, api_writes=2))
    other.exchange_seconds = 0
    statuses = []
    for number in range(8):
        app.extensions["banyan.rates"] = limited if number % 2 else other
        statuses.append(client.get("/api/v1/orgs/place", headers=headers).status_code)
    assert statuses.count(200) <= 6, "the limit, and one request that was let through before the first exchange"
    assert statuses[-1] == 429
    world.session.rollback()
    assert world.session.scalars(select(RequestCount.requests)).one() == statuses.count(200)


def test_between_exchanges_nothing_is_asked(
    client: FlaskClient, world: World, limited: rates.Rates, db: Database
) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    limited.exchange_seconds = 60
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: said.append(statement))
    for _time in range(3):
        client.get("/api/v1/orgs/place", headers=headers)
    assert len([one for one in said if "api_count" in one]) == 1


def test_old_counts_are_deleted(world: World, client: FlaskClient, limited: rates.Rates, clock: FixedClock) -> None:
    account = world.admin(world.org(code="place"))
    client.get("/api/v1/me", headers=world.token(account))
    clock.instant += timedelta(hours=2)
    ctx = world.context(account)
    purge_api(ctx)
    ctx.session.commit()
    ctx.session.close()
    world.session.rollback()
    assert world.session.scalars(select(RequestCount.key)).all() == []
