"""Every operation of the API has its manners, and what the console writes can be done through the API (API-01)."""

from __future__ import annotations

import ast
import csv
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from tests.contract.test_gate import Endpoint, Foreign, endpoints
from tests.factories import World

pytestmark = pytest.mark.clause("API-01")
METHODS = ("get", "post", "put", "patch", "delete")
ONLY_READS = frozenset(
    {
        "approvals.services.decisions.titles",
        "people.services.bulk.count",
        "people.services.cards.members_called",
        "tasks.exports.filters_of",
        "transfers.services.batches.chosen",
    }
)
CONSOLE_ONLY = Path(__file__).with_name("console_only.csv")


def operations(client: FlaskClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    document = client.get("/api/openapi.json").get_json()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def referred(operation: dict[str, Any], part: str) -> set[str]:
    """Names of the shared parts that an operation refers to."""
    found = operation.get(part, [])
    items = found.values() if isinstance(found, dict) else found
    return {str(item["$ref"]).rsplit("/", 1)[-1] for item in items if "$ref" in item}


def test_every_operation_says_how_it_behaves(client: FlaskClient) -> None:
    names: list[str] = []
    for path, method, operation in operations(client):
        where = f"{method} {path}"
        names.append(operation["operationId"])
        assert referred(operation, "responses") >= {"NotSignedIn", "TooManyRequests"}, where
        assert "default" not in operation["responses"], where
        asked = referred(operation, "parameters")
        assert ("IdempotencyKey" in asked) == (method == "post"), f"{where}: Idempotency-Key"
        assert ("IfMatch" in asked) == (method in ("put", "patch", "delete")), f"{where}: If-Match"
        if "IfMatch" in asked:
            assert "412" in operation["responses"], where
        if "IfNoneMatch" in asked:
            assert {"200", "304"} <= operation["responses"].keys(), where
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                assert {"RateLimit", "RateLimit-Policy"} <= answer["headers"].keys(), where
    assert len(set(names)) == len(names), "two operations have one name"
    assert "tenancy.Organisation.put" in names


def test_problems_are_described_as_problems(client: FlaskClient) -> None:
    answers = client.get("/api/openapi.json").get_json()["components"]["responses"]
    for name in ("NotSignedIn", "Forbidden", "NotFound", "Refused", "ChangedMeanwhile", "Invalid", "TooManyRequests"):
        schema = answers[name]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}
    assert "Retry-After" in answers["TooManyRequests"]["headers"]


def test_every_edit_is_answered_412_to_a_wrong_if_match(app: Banyan, world: World) -> None:
    place = world.org(code="place")
    rows = Foreign.at(world, place).ids
    headers = {**world.token(world.admin(place)), "If-Match": '"0-not-this"'}
    tried = 0
    for endpoint in endpoints(app):
        ours = endpoint.api and endpoint.mark.kind != "operator"
        if not ours or endpoint.method not in ("PUT", "PATCH", "DELETE"):
            continue
        unknown = {name for name in endpoint.rule.arguments - {"code"} - rows.keys() if name.endswith("_id")}
        assert not unknown, f"{endpoint.rule}: tell Foreign in test_gate.py what {unknown} name"
        url = endpoint.url(app, "place", **rows)
        read = app.test_client().get(url, headers={"Authorization": headers["Authorization"]}).status_code
        answer = _send(app, endpoint, url, headers)
        # what cannot even be read here (a module that is always on has no switch) is answered the same either way
        expected = {200: {412}, 405: {412, 403, 404}}.get(read, {read})
        assert answer.status_code in expected, (
            f"{endpoint.method} {endpoint.rule}: {answer.status_code}. Every edit has its ETag on the GET of the same "
            "MethodView (banyan/api/conditional.py): give the class a get(), or find out why it does not answer 200."
        )
        tried += answer.status_code == 412
    assert tried > 8


def _send(app: Banyan, endpoint: Endpoint, url: str, headers: dict[str, str]) -> Any:
    return app.test_client().open(url, method=endpoint.method, headers=headers)


def test_what_the_console_writes_the_api_writes(app: Banyan) -> None:
    """A console page that writes calls services which some write of the API calls as well."""
    reads, done = set[str](), set[str]()
    pages: dict[str, set[str]] = {}
    for endpoint in endpoints(app, plugins=True):
        called = set(services(_view(app, endpoint)))
        if endpoint.api:
            (reads if endpoint.method == "GET" else done).update(called)
        elif endpoint.method == "GET":
            reads |= called
        else:
            pages[endpoint.rule.endpoint] = called
    lines = CONSOLE_ONLY.read_text(encoding="utf-8").splitlines()
    listed = {row["endpoint"]: row["reason"] for row in csv.DictReader(lines)}
    assert all(listed.values()), "each line of console_only.csv gives its reason"
    for name, called in sorted(pages.items()):
        missing = called - reads - done - ONLY_READS
        covered = not missing and bool(called & done)
        if name in listed:
            assert not covered, f"{name} can be done through the API: take it out of {CONSOLE_ONLY.name}"
            continue
        assert covered, (
            f"The console page {name} does what no operation of the API does: {sorted(missing) or 'nothing found'}."
            " Either let a POST, PUT, PATCH or DELETE view in api.py call the same service, or list the endpoint with"
            f" the reason in tests/contract/{CONSOLE_ONLY.name}."
        )
    assert listed.keys() <= pages.keys(), f"no such page any more: {sorted(listed.keys() - pages.keys())}"


def _view(app: Banyan, endpoint: Endpoint) -> Callable[..., Any]:
    view = app.view_functions[endpoint.rule.endpoint]
    cls = getattr(view, "view_class", None)
    found = getattr(cls, endpoint.method.lower()) if cls is not None else view
    unwrapped: Callable[..., Any] = inspect.unwrap(found)
    return unwrapped


def services(view: Callable[..., Any], seen: set[Any] | None = None) -> Iterator[str]:
    """Names of the services (they take a context first) that a view calls, itself or through helpers."""
    seen = set() if seen is None else seen
    if view in seen or not inspect.isfunction(view):
        return
    seen.add(view)
    names = {**view.__globals__, **inspect.getclosurevars(view).nonlocals}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(view)))):
        found = _named(node, names)
        if not inspect.isfunction(found):
            continue
        found = inspect.unwrap(found)
        parts = found.__module__.split(".")
        if parts[:2] != ["banyan", "modules"] and not parts[0].startswith("banyan_"):
            continue
        if {"services", "exports"} & {*parts} and found.__module__ != view.__module__:
            yield f"{'.'.join(parts[2:] if parts[0] == 'banyan' else parts)}.{found.__name__}"
        elif next(iter(inspect.signature(found).parameters), "") == "ctx" or found.__module__ == view.__module__:
            yield from services(found, seen)


def _named(node: ast.AST, names: dict[str, Any]) -> Any:
    """What a name, or a name inside a module, stands for."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = names.get(node.value.id)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
    return None
