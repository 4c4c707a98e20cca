"""`Idempotency-Key`: what creates is done once, however often it is asked for (API-01)."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.api import answers
from banyan.api.answers import StoredAnswer
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.files import StoredFile
from banyan.modules.access.models import OrgRole
from banyan.modules.accounts.models import RegistrationCode
from banyan.modules.accounts.token_jobs import purge_api
from tests.factories import World

pytestmark = pytest.mark.clause("API-01")
URL = "/api/v1/orgs/place/own-roles"
ROLE = {"name": "档案员", "permissions": ["tenancy.org:read"]}


@pytest.fixture
def headers(world: World) -> dict[str, str]:
    """Of an administrator, with a key."""
    return {**world.token(world.admin(world.org(code="place"))), "Idempotency-Key": "8e03978e-40d5-43dd-bc93"}


def roles(world: World) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count(OrgRole.id))) or 0


def test_the_same_request_twice_creates_once_and_is_answered_alike(
    client: FlaskClient, world: World, headers: dict[str, str]
) -> None:
    first = client.post(URL, json=ROLE, headers=headers)
    again = client.post(URL, json=ROLE, headers={**headers, "Idempotency-Key": '"8e03978e-40d5-43dd-bc93"'})
    assert (first.status_code, first.data) == (201, again.data)
    assert (again.status_code, again.mimetype) == (201, "application/json")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert roles(world) == 1
    other = client.post(URL, json=ROLE, headers={**headers, "Idempotency-Key": "another"})
    assert other.status_code == 422, "another key is another request: the name is taken"


def test_a_key_is_good_for_one_request(client: FlaskClient, world: World, headers: dict[str, str]) -> None:
    assert client.post(URL, json=ROLE, headers=headers).status_code == 201
    world.org(world.session.merge(world.org(code="root")), "below")
    for url, body in ((URL, {**ROLE, "name": "别的"}), (f"{URL}?x=1", ROLE), ("/api/v1/orgs/place/exports", ROLE)):
        answer = client.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.get_json()["type"]) == (422, "urn:banyan:problem:idempotency-key-reused")
    other = {**world.token(world.admin(world.session.merge(world.org(code="elsewhere")))),
        "Idempotency-Key": headers["Idempotency-Key"]
    }  # fmt: skip
    assert client.post("/api/v1/orgs/elsewhere/own-roles", json=ROLE, headers=other).status_code == 201
    assert roles(world) == 2


def test_a_refusal_is_not_kept(client: FlaskClient, world: World, headers: dict[str, str]) -> None:
    wrong = client.post(URL, json={**ROLE, "permissions": ["no.such:thing"]}, headers=headers)
    assert wrong.status_code == 422
    assert client.post(URL, json=ROLE, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_a_key_that_is_none_is_refused(client: FlaskClient, headers: dict[str, str], key: str) -> None:
    answer = client.post(URL, json=ROLE, headers={**headers, "Idempotency-Key": key})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_keys_are_for_writes_that_create(client: FlaskClient, headers: dict[str, str]) -> None:
    for _time in range(2):
        answer = client.get(URL, headers=headers)
        assert answer.status_code == 200
        assert "Idempotency-Replayed" not in answer.headers


def test_an_answer_with_a_secret_is_not_written_down(
    client: FlaskClient, world: World, headers: dict[str, str]
) -> None:
    url = "/api/v1/orgs/place/registration-codes"
    made = client.post(url, json={}, headers=headers)
    assert made.status_code == 201
    again = client.post(url, json={}, headers=headers)
    assert (again.status_code, again.get_json()["type"]) == (409, "urn:banyan:problem:answer-not-kept")
    world.session.rollback()
    assert world.session.scalars(select(StoredAnswer.body)).all() == [None]
    assert world.session.scalar(select(func.count(RegistrationCode.id))) == 1


def test_uploads_are_compared_by_what_is_in_them(client: FlaskClient, world: World, headers: dict[str, str]) -> None:
    def send(content: bytes, boundary: str) -> Any:
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode() + content + f"\r\n--{boundary}--\r\n".encode()  # fmt: skip
        return client.post(
            "/api/v1/orgs/place/files",
            input_stream=io.BytesIO(body),
            content_length=len(body),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=headers,
        )

    pdf = b"%PDF-1.4\n%%EOF\n"
    assert [send(pdf, one).status_code for one in ("one", "two")] == [201, 201]
    assert send(pdf + b"x", "three").status_code == 422
    world.session.rollback()
    assert world.session.scalar(select(func.count(StoredFile.id))) == 1


def test_answers_are_kept_for_a_day(
    client: FlaskClient, world: World, headers: dict[str, str], clock: FixedClock
) -> None:
    assert client.post(URL, json=ROLE, headers=headers).status_code == 201
    clock.instant += timedelta(hours=24)
    new = client.post(URL, json={**ROLE, "name": "新角色"}, headers=headers)
    assert new.status_code == 201, "an old key is as good as none"
    clock.instant += timedelta(hours=25)
    ctx = world.context(world.account(world.session.merge(world.org(code="else"))))
    purge_api(ctx)
    ctx.session.commit()
    ctx.session.close()
    world.session.rollback()
    assert world.session.scalars(select(StoredAnswer.key)).all() == []


def test_a_crash_leaves_neither_the_change_nor_the_answer(
    client: FlaskClient, world: World, headers: dict[str, str]
) -> None:
    with patch.object(answers, "_store", side_effect=RuntimeError("the process dies")):
        assert client.post(URL, json=ROLE, headers=headers).status_code == 500
    assert roles(world) == 0
    assert client.post(URL, json=ROLE, headers=headers).status_code == 201


def test_two_at_once_create_one(app: Banyan, world: World, headers: dict[str, str]) -> None:
    """The second comes while the first stands between its change and its commit."""
    arrived, go_on = threading.Event(), threading.Event()
    store = answers._store

    def slow(*args: Any) -> None:
        store(*args)
        arrived.set()
        assert go_on.wait(10)

    found: list[int] = []

    def first() -> None:
        found.append(app.test_client().post(URL, json=ROLE, headers=headers).status_code)

    with patch.object(answers, "_store", slow):
        thread = threading.Thread(target=first)
        thread.start()
        assert arrived.wait(10)
        second = app.test_client().post(URL, json=ROLE, headers=headers)
        go_on.set()
        thread.join(10)
    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert second.get_json()["type"] == "urn:banyan:problem:still-running"
    assert found == [201]
    assert app.test_client().post(URL, json=ROLE, headers=headers).headers["Idempotency-Replayed"] == "true"
    assert roles(world) == 1


def test_many_at_once_create_one(app: Banyan, world: World, headers: dict[str, str]) -> None:
    found: list[int] = []
    together = threading.Barrier(6)

    def send() -> None:
        together.wait(10)
        found.append(app.test_client().post(URL, json=ROLE, headers=headers).status_code)

    threads = [threading.Thread(target=send) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert set(found) <= {201, 409}
    assert 201 in found
    assert roles(world) == 1
