"""`ETag`, `If-None-Match` and `If-Match` (API-01)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from banyan.modules.accounts.models import Account
from tests.factories import World

pytestmark = pytest.mark.clause("API-01")


@pytest.fixture
def admin(world: World) -> Account:
    """An administrator of the organisation called place."""
    return world.admin(world.org(code="place"))


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient, world: World, admin: Account) -> None:
    headers = world.token(admin)
    read = client.get("/api/v1/orgs/place", headers=headers)
    tag = read.headers["ETag"]
    assert tag.startswith('"1-')
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        same = client.get("/api/v1/orgs/place", headers={**headers, "If-None-Match": asked})
        assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    assert client.get("/api/v1/orgs/place", headers={**headers, "If-None-Match": '"1-x"'}).status_code == 200
    assert "ETag" not in client.get("/api/v1/orgs/place/organisations", headers=headers).headers
    assert "ETag" not in client.get("/api/v1/orgs/place/figures", headers=headers).headers


def test_an_edit_goes_by_the_tag_before_the_version(client: FlaskClient, world: World, admin: Account) -> None:
    headers, url = world.token(admin), "/api/v1/me"
    tag = client.get(url, headers=headers).headers["ETag"]
    edited = client.patch(url, json={"display_name": "甲"}, headers={**headers, "If-Match": tag})
    assert edited.status_code == 200
    stale = client.patch(url, json={"display_name": "乙"}, headers={**headers, "If-Match": tag})
    assert (stale.status_code, stale.mimetype) == (412, "application/problem+json")
    assert stale.get_json()["type"] == "urn:banyan:problem:precondition-failed"
    now = client.get(url, headers=headers).headers["ETag"]
    for weak in (f"W/{now}", '"9"', "nonsense", ""):
        assert client.patch(url, json={}, headers={**headers, "If-Match": weak}).status_code == 412, weak
    for good in (now, "*", f'"1-x", {now}', f'"{now[1:-1].split("-")[0]}"'):
        assert client.patch(url, json={}, headers={**headers, "If-Match": good}).status_code == 200, good


def test_the_version_of_the_body_works_as_before_and_the_tag_stands_for_it(
    client: FlaskClient, world: World, admin: Account
) -> None:
    headers, url = world.token(admin), "/api/v1/orgs/place/own-roles"
    role = client.post(url, json={"name": "档案员", "permissions": ["tenancy.org:read"]}, headers=headers).get_json()
    one = f"{url}/{role['id']}"
    body = {"name": "保管员", "permissions": ["tenancy.org:read"]}
    assert client.put(one, json=body, headers=headers).status_code == 422, "neither version nor tag"
    assert client.put(one, json={**body, "version": 9}, headers=headers).status_code == 409
    tag = client.get(one, headers=headers).headers["ETag"]
    assert client.put(one, json={**body, "version": 9}, headers={**headers, "If-Match": tag}).status_code == 200
    assert client.put(one, json=body, headers={**headers, "If-Match": tag}).status_code == 412
    new = client.get(one, headers=headers).headers["ETag"]
    assert client.delete(one, headers={**headers, "If-Match": tag}).status_code == 412
    assert client.delete(one, headers={**headers, "If-Match": new}).status_code == 200


def test_preconditions_tell_strangers_nothing(client: FlaskClient, world: World, admin: Account) -> None:
    stranger = world.token(world.admin(world.org(code="elsewhere")))
    for tag in ('"1"', "*"):
        answer = client.put("/api/v1/orgs/place", json={}, headers={**stranger, "If-Match": tag})
        assert answer.status_code == 404
    auditor = world.token(world.admin(world.org(code="third"), role="org_auditor"))
    assert client.put("/api/v1/orgs/third", json={}, headers={**auditor, "If-Match": "*"}).status_code == 403
