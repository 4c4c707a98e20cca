"""Problem details (RFC 9457): the one format of every error of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma
import orjson
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from banyan.kernel.errors import DomainError
from banyan.kernel.i18n import _
from banyan.kernel.messages import readable

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:banyan:problem:"


class FieldProblemSchema(ma.Schema):
    """One reason against one field."""

    field = ma.fields.String(required=True, metadata={"description": "Path of the field, for instance `name`."})
    reason = ma.fields.String(required=True)


class ProblemSchema(ma.Schema):
    """An error, as RFC 9457 describes it, with the reasons against each field."""

    type = ma.fields.String(required=True, metadata={"description": "Stable name of the kind of error."})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String()
    instance = ma.fields.String()
    request_id = ma.fields.String()
    reasons = ma.fields.List(ma.fields.String())
    errors = ma.fields.List(ma.fields.Nested(FieldProblemSchema))


def titles() -> dict[int, str]:
    """What each status is called."""
    return {
        400: _("The request cannot be read."),
        401: _("Not signed in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("This address does not take that method."),
        409: _("Refused"),
        412: _("Changed meanwhile"),
        413: _("Too large"),
        415: _("This media type is not taken."),
        422: _("Please check what you entered."),
        429: _("Too many tries"),
        500: _("Something went wrong on our side."),
        503: _("Not available at the moment"),
    }


def problem(
    status: int, slug: str, reasons: Iterable[str] = (), fields: Mapping[str, Iterable[str]] | None = None
) -> Response:
    """A problem response in the reader's language."""
    listed = list(reasons)
    body: dict[str, Any] = {
        "type": TYPE + slug,
        "title": titles().get(status) or _("The request was not answered."),
        "status": status,
        "instance": request.path,
        "request_id": g.get("request_id", ""),
    }
    if listed:
        body["detail"] = " ".join(listed)
        body["reasons"] = listed
    if fields:
        body["errors"] = [{"field": key, "reason": str(reason)} for key, found in fields.items() for reason in found]
    response = Response(orjson.dumps(body), status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def of_domain_error(error: DomainError) -> Response:
    """A domain error, with every reason."""
    fields = {key: [readable(reason) for reason in reasons] for key, reasons in error.fields.items()}
    response = problem(error.status, error.slug, [readable(reason) for reason in error.reasons], fields)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def of_http_error(error: HTTPException) -> Response:
    """An HTTP error of Flask, webargs or werkzeug."""
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or {}
    status = error.code or 500
    slug = (error.name or "error").lower().replace(" ", "-")
    response = problem(status, "invalid" if status == 422 else slug, fields=dict(flattened(messages)))
    for header, value in error.get_headers():
        if header in ("Allow", "Retry-After"):
            response.headers[header] = value
    return response


def flattened(messages: Any, path: str = "") -> Iterable[tuple[str, list[str]]]:
    """marshmallow's nested messages as (path of field, reasons); the location (json, query) is left out."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            inner = path if not path and key in ("json", "query", "form", "files", "headers") else _joined(path, key)
            yield from flattened(value, inner)
    elif isinstance(messages, list):
        yield path or "_", [readable(reason) for reason in messages]
    elif messages:
        yield path or "_", [readable(messages)]


def _joined(path: str, key: object) -> str:
    name = "_" if key == "_schema" else str(key)
    return f"{path}.{name}" if path else name
