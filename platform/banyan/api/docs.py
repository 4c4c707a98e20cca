"""The page of the API's documentation, drawn by the server from the OpenAPI document itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Flask, render_template

from banyan.api.openapi import BanyanApi
from banyan.kernel.access_marks import public

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a schema as the page lists it."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    summary: str
    parameters: tuple[dict[str, Any], ...]
    body: tuple[Property, ...]
    responses: tuple[tuple[str, str, tuple[Property, ...]], ...]


def init_app(app: Flask, api: BanyanApi) -> None:
    """Serve the page at ``/api/docs``."""
    blueprint = Blueprint("api_docs", __name__, template_folder="templates")

    @blueprint.get("/api/docs")
    @public
    def page() -> str:
        document = api.spec.to_dict()
        return render_template("api/docs.html", document=document, groups=groups(document))

    app.register_blueprint(blueprint)


def groups(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """Operations by what their tag is about, in the order of the document."""
    about = {tag["name"]: tag.get("description") or tag["name"] for tag in document.get("tags", [])}
    found: dict[str, list[Operation]] = defaultdict(list)
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                shared = item.get("parameters", [])
                tag = _tag(item[method])
                found[about.get(tag, tag)].append(_operation(document, path, method, item[method], shared))
    return dict(found)


def _tag(operation: dict[str, Any]) -> str:
    return next(iter(operation.get("tags", [])), "")


def _operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any], shared: list[Any]
) -> Operation:
    parameters = [_resolved(document, item) for item in (*shared, *operation.get("parameters", []))]
    body = operation.get("requestBody", {}).get("content", {})
    responses = []
    for status, answer in operation.get("responses", {}).items():
        resolved = _resolved(document, answer)
        responses.append(
            (str(status), resolved.get("description", ""), _content(document, resolved.get("content", {})))
        )
    anchor = f"{method}-{path}".replace("/", "-").replace("{", "").replace("}", "")
    return Operation(
        anchor,
        method.upper(),
        path,
        operation.get("summary", ""),
        tuple(parameters),
        _content(document, body),
        tuple(responses),
    )


def _content(document: dict[str, Any], content: dict[str, Any]) -> tuple[Property, ...]:
    for media in content.values():
        return properties(document, media.get("schema", {}))
    return ()


def properties(document: dict[str, Any], schema: dict[str, Any]) -> tuple[Property, ...]:
    """The properties of a schema, references followed one step."""
    resolved = _resolved(document, schema)
    if resolved.get("type") == "array":
        return properties(document, resolved.get("items", {}))
    required = set(resolved.get("required", []))
    return tuple(
        Property(name, type_name(value), name in required, value.get("description", ""))
        for name, value in resolved.get("properties", {}).items()
    )


def type_name(schema: dict[str, Any]) -> str:
    """The type of a property in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        return f"[{type_name(schema.get('items', {}))}]"
    kinds = schema.get("type", "")
    name = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "enum" in schema:
        return orjson.dumps(schema["enum"]).decode()
    return f"{name} ({schema['format']})" if "format" in schema else name


def _resolved(document: dict[str, Any], item: Any) -> dict[str, Any]:
    if isinstance(item, dict) and "$ref" in item:
        target: Any = document
        for part in str(item["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return dict(target)
    return dict(item) if isinstance(item, dict) else {}
