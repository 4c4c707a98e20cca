"""Whatever is sent to a plugin's API, nothing breaks (schemathesis, bounded)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from banyan.testing.conformity.findings import Finding, Subject

EXAMPLES = 10


def fuzzing(subject: Subject) -> Iterator[Finding]:
    """No operation of the plugin in the OpenAPI document answers 5xx to anything generated from its own schemas."""
    import schemathesis

    with subject.here.world() as world, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = world.org(code="place")
        subject.here.switch_on(world, place, subject.name)
        headers = world.token(world.admin(place))
        own = {_pattern(endpoint.rule.rule) for endpoint in subject.endpoints if endpoint.api}
        schema = schemathesis.openapi.from_wsgi("/api/openapi.json", subject.here.app)
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # a document that is not whole is the core's defect
            if operation.path in own:
                yield from _tried(operation, headers)


def _pattern(rule: str) -> str:
    """A rule as the OpenAPI document writes it: ``<uuid:id>`` becomes ``{id}``."""
    parts = rule.replace("<", "{").replace(">", "}").split("/")
    return "/".join("{" + part.rpartition(":")[2] if part.startswith("{") and ":" in part else part for part in parts)


def _tried(operation: Any, headers: dict[str, str]) -> Iterator[Finding]:
    from hypothesis import HealthCheck, Phase, given, settings

    broken: list[str] = []

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
        if answer.status_code >= 500:
            broken.append(f"{answer.status_code} to {str(case.body)[:120]!r} at {case.formatted_path[:120]}")

    send()
    if broken:
        yield Finding(
            "fuzzing",
            f"{operation.method.upper()} {operation.path}",
            f"it answers {broken[0]}",
            "Refuse such input in the schema",
        )
