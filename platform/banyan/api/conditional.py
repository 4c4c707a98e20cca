"""``ETag``, ``If-Match`` and ``If-None-Match`` for every resource that can be edited or has a version (API-01).

A tag is strong: ``"<version>-<digest of the body>"``, or the digest alone where the resource has no version. Reading
compares all of it (304). An edit compares the version, since what else the body shows (names of other things, words in
the reader's language) is not what is edited; without a version it compares all. ``If-Match`` goes before the
``version`` of the body, which says the same thing in the older way and is answered 409.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import orjson
from flask import Response, current_app, g, request
from flask.views import MethodView
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import ETags, MultiDict

from banyan.kernel.errors import PreconditionFailed
from banyan.kernel.i18n import lazy

_VERSIONED = "__banyan_versioned__"
_WRITES = ("put", "patch", "delete")
Method = Callable[..., Any]


def versioned(decorate: Callable[[Any], Any], schema: Any) -> Callable[[Any], Any]:
    """``decorate``, noting on the view whether its answer is one thing with a version."""
    fields = getattr(schema, "_declared_fields", {}) if isinstance(schema, (type, ma.Schema)) else {}
    one = "version" in fields and not getattr(schema, "many", False)

    def noted(view: Any) -> Any:
        made = decorate(view)
        if one:
            setattr(made, _VERSIONED, True)
        return made

    return noted


def apply(view: type[MethodView]) -> bool:
    """Give the methods of ``view`` their preconditions; says whether reading it answers with a tag."""
    own = view.__dict__
    writes = [name for name in _WRITES if name in own]
    get: Method | None = own.get("get")
    tagged = get is not None and (bool(writes) or getattr(get, _VERSIONED, False))
    if get is not None and tagged:
        setattr(view, "get", _reading(get))  # noqa: B010 - mypy lets no method be assigned
    for name in writes:
        setattr(view, name, _writing(own[name], get))
    return tagged


def _reading(get: Method) -> Method:
    @functools.wraps(get)
    def read(self: MethodView, *args: Any, **values: Any) -> Response:
        response: Response = current_app.make_response(get(self, *args, **values))
        found = state(response)
        if found is not None:
            response.set_etag(found.tag)
            response.make_conditional(request)
            if response.status_code == 412:
                raise _failed()
        return response

    return read


def _writing(write: Method, get: Method | None) -> Method:
    @functools.wraps(write)
    def guarded(self: MethodView, *args: Any, **values: Any) -> Any:
        g.matched_version = None
        if "If-Match" in request.headers:
            # The reader's view in the same transaction: who comes between is told by the row's version, and we are
            # tried again and find a changed tag.
            present = state(current_app.make_response(get(self, **values))) if get is not None else None
            g.matched_version = matched(request.if_match, present)
        return write(self, *args, **values)

    return guarded


@dataclass(frozen=True, slots=True)
class State:
    """A state of a resource: its tag without quotes, and its version; None where it has none."""

    tag: str
    version: int | str | None


def state(response: Response) -> State | None:
    """What state an answer shows; None for what is no resource in JSON."""
    if response.status_code != 200 or response.mimetype != "application/json":
        return None
    body = response.get_data()
    digest = hashlib.sha256(body).hexdigest()[:20]
    found = orjson.loads(body)
    version = found.get("version") if isinstance(found, dict) else None
    return State(digest if version is None else f"{version}-{digest}", version)


def matched(asked: ETags, present: State | None) -> int | str | None:
    """The version that ``If-Match`` names, None where the resource has none.

    :raises PreconditionFailed: it names another state, or there is no such resource. A weak tag never matches.
    """
    if present is None:
        raise _failed()
    strong = set(filter(None, asked.as_set()))  # werkzeug reads an empty tag as None
    if present.version is None:
        same = present.tag in strong
    else:
        same = str(present.version) in {one.partition("-")[0] for one in strong}
    if not (asked.star_tag or same):
        raise _failed()
    return present.version


def _failed() -> PreconditionFailed:
    return PreconditionFailed(lazy("This has changed since you read it, or is not what If-Match names. Read it again."))


class Parser(FlaskParser):
    """Reads arguments; a ``version`` that ``If-Match`` has proved stands for the one that the body may lack."""

    def load_json(self, req: Any, schema: ma.Schema) -> Any:
        found = super().load_json(req, schema)
        version = _proved(schema)
        return {**found, "version": version} if version is not None and isinstance(found, dict) else found

    def load_querystring(self, req: Any, schema: ma.Schema) -> Any:
        version = _proved(schema)
        if version is None:
            return super().load_querystring(req, schema)
        return self._makeproxy(MultiDict({**req.args.to_dict(flat=False), "version": [str(version)]}), schema)


def _proved(schema: ma.Schema) -> int | str | None:
    found: int | str | None = g.get("matched_version")
    return found if "version" in schema.fields else None
