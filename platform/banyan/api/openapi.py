"""The OpenAPI document and the one `Api` object of an application."""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin, resolver
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask
from flask_smorest import Api
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from banyan.api import manners, problems

_BEARER = "A token of an account or of an organisation, made in the console; limited to permissions and organisations."
DOCUMENT = "api-docs.openapi_json"


class BanyanApi(Api):  # type: ignore[misc]  # the library publishes no types
    """flask-smorest's Api with problem details as its errors; error pages are chosen by the boundary."""

    ERROR_SCHEMA = problems.ProblemSchema

    def _register_error_handlers(self) -> None:
        """The application registers one handler for API and console; see `banyan.boundary`."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        return problems.of_http_error(error)


def schema_name(schema: Any) -> str:
    """What a schema is called in the document: a plugin's begin with the plugin's name, so that two may think alike."""
    name = str(resolver(schema))
    package = resolve_schema_cls(schema).__module__.partition(".")[0]
    if not name or package == "banyan":
        return name
    return "".join(part.capitalize() for part in package.removeprefix("banyan_").split("_")) + name


def make(app: Flask, version: str) -> BanyanApi:
    """Configure and make the Api of ``app``; its document lies at ``/api/openapi.json``."""
    app.config.update(
        API_TITLE="Banyan",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    spec: dict[str, Any] = {
        "info": {
            "title": "Banyan",
            "version": version,
            "description": "Everything the console does. Errors are problem details (RFC 9457), lists go by cursor.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
    }
    spec["marshmallow_plugin"] = MarshmallowPlugin(schema_name_resolver=schema_name)
    api = BanyanApi(app, spec_kwargs=spec)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "description": _BEARER})
    manners.add_parts(api.spec, problems.ProblemSchema)
    return api
