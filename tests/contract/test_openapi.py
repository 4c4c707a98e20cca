"""The OpenAPI document is whole, and what it describes survives whatever is sent (schemathesis, bounded)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings

from banyan.boundary import Banyan
from tests.factories import World

EXAMPLES = 6


def test_the_document_is_openapi_3_1_and_every_operation_is_described(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, item in document["paths"].items():
        assert path.startswith("/api/v1/")
        for method, operation in item.items():
            if method in ("get", "put", "post", "patch", "delete"):
                assert operation.get("summary"), f"{method} {path} says nothing about itself"


def test_the_documentation_page_lists_every_operation(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    page = client.get("/api/docs")
    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text


def test_errors_are_problem_details(client: FlaskClient, world: World) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    for url, status in (("/api/v1/orgs/nowhere", 404), ("/api/v1/nothing", 404), ("/api/v1/orgs/place?x=", 200)):
        answer = client.get(url, headers=headers)
        assert answer.status_code == status
        if status >= 400:
            assert answer.mimetype == "application/problem+json"
            assert {"type", "title", "status", "request_id"} <= answer.get_json().keys()
    assert client.post("/api/v1/orgs/place/organisations", data="{", headers=headers).status_code in (400, 415, 422)
    broken = client.post(
        "/api/v1/orgs/place/organisations", data="{", headers={**headers, "Content-Type": "application/json"}
    )
    assert (broken.status_code, broken.mimetype) == (400, "application/problem+json")
    assert client.delete("/api/v1/orgs/place", headers=headers).status_code == 405


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_no_input_is_answered_with_a_5xx(app: Banyan, world: World) -> None:
    headers = world.token(world.admin(world.org(code="place")))
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    tried = 0
    for found in schema.get_all_operations():
        _try(found.ok(), headers)
        tried += 1
    assert tried > 10


def _try(operation: Any, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        if "code" in (case.path_parameters or {}):
            case.path_parameters["code"] = "place"
        answer = case.call(headers=headers)
        assert answer.status_code < 500, f"{case.method} {case.formatted_path}: {answer.status_code}"

    send()
