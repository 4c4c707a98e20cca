"""What every operation of the API says of itself in the OpenAPI document, and the parts that they all refer to."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import marshmallow as ma
from apispec import APISpec

from banyan.api.problems import MEDIA_TYPE
from banyan.kernel.access_marks import Mark

RATES = {
    "RateLimit": "What is left of each limit (`r`) and the seconds until it is whole again (`t`).",
    "RateLimit-Policy": "The limits that hold: requests (`q`) in a window of seconds (`w`).",
}
_NAMES = {
    400: "Unreadable",
    401: "NotSignedIn",
    403: "Forbidden",
    404: "NotFound",
    409: "Refused",
    412: "ChangedMeanwhile",
    422: "Invalid",
    429: "TooManyRequests",
    503: "UnderMaintenance",
}
_ANSWERS = {
    400: "The request, or one of its headers, cannot be read.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "A role or the token reaches there but does not allow this.",
    404: "It does not exist, or is none of your business: the two are not told apart.",
    409: "A rule stands in the way, or somebody was faster; `reasons` lists all. Also: the same key is still running.",
    412: "The resource is not, or no longer, what `If-Match` names.",
    422: "Input that cannot be taken; `errors` lists every field. Also: the key was used for another request.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "Nothing may be changed while the platform is being looked after; `Retry-After` says until when.",
}
_PARAMETERS: dict[str, tuple[str, str]] = {
    "IdempotencyKey": (
        "Idempotency-Key",
        "The client's own, best a UUID. The same request again within 24 hours is answered as it was, and done once.",
    ),
    "IfMatch": ("If-Match", "Do it only if the resource still has this `ETag`; else 412. Goes before `version`."),
    "IfNoneMatch": ("If-None-Match", "The `ETag` of what one has already: answered 304 if it is still that."),
}


def add_parts(spec: APISpec, problem: type[ma.Schema]) -> None:
    """Add the answers, headers and parameters that operations refer to."""
    for name, text in RATES.items():
        spec.components.header(name, {"description": text, "schema": {"type": "string"}})
    retry = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    for status, text in _ANSWERS.items():
        answer: dict[str, Any] = {"description": text, "content": {MEDIA_TYPE: {"schema": problem}}}
        if status in (409, 429, 503):
            answer["headers"] = {"Retry-After": retry}
        spec.components.response(_NAMES[status], answer)
    for name, (header, text) in _PARAMETERS.items():
        described = {"name": header, "description": text, "required": False, "schema": {"type": "string"}}
        spec.components.parameter(name, "header", described)


def describe(
    doc: dict[str, Any], method: str, said: dict[str, Any], by_hand: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """``doc`` of one operation with all that goes without saying.

    :param said: ``operation`` (its eternal name), ``mark`` (who may enter), ``tagged`` (its address answers with an
        ``ETag``), ``kept`` (takes an ``Idempotency-Key``). :param by_hand: answers that the view describes itself.
    """
    doc["operationId"] = f"{said['operation']}.{method}"
    writes = method != "get"
    asked = _asked(method, said)
    if asked:
        doc.setdefault("parameters", []).extend(asked)
    statuses = {401, 429, *_by_mark(said["mark"])}
    statuses |= {503} if writes else set()
    statuses |= {409, 422} if writes or doc.get("parameters") else set()
    statuses |= {400} if method in ("post", "put", "patch") else set()
    statuses |= {412} if "IfMatch" in asked else set()
    answers = {key: value for key, value in doc.get("responses", {}).items() if not _problem(str(key))}
    for status, answer in (*answers.items(), *by_hand.items()):
        if str(status).startswith("2") and isinstance(answer, dict):
            headers = answer.setdefault("headers", {})
            headers.update({name: name for name in RATES})
            if "IfNoneMatch" in asked:
                headers["ETag"] = {"description": "Names this state of the resource.", "schema": {"type": "string"}}
    if "IfNoneMatch" in asked:
        answers["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase}
    doc["responses"] = {**answers, **{str(status): _NAMES[status] for status in sorted(statuses)}}
    return doc


def _asked(method: str, said: dict[str, Any]) -> list[str]:
    if method == "post":
        return ["IdempotencyKey"] if said["kept"] else []
    if method == "get":
        return ["IfNoneMatch"] if said["tagged"] else []
    return ["IfMatch"]


def _by_mark(mark: Mark | None) -> set[int]:
    if mark is None or mark.kind == "public":
        return set()
    return {403} if mark.kind == "signed_in" else {403, 404}


def _problem(status: str) -> bool:
    return status == "default" or status.startswith("4")
