"""What console views share: forms that lose nothing, errors as pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from banyan.kernel import runtime as rt
from banyan.kernel.db.failures import explained, lost_race
from banyan.kernel.errors import (
    Conflict,
    DomainError,
    FirstThis,
    Invalid,
    Refused,
    Text,
    TooManyTries,
    Unauthenticated,
    UnderMaintenance,
)
from banyan.kernel.i18n import translate
from banyan.web.forms import IGNORED, SHOWN, BoundForm

SIGN_IN = "accounts_pages.sign_in"


def submit(
    form: BoundForm, use: Callable[[dict[str, Any]], ResponseReturnValue], template: str, **values: Any
) -> ResponseReturnValue:
    """Take a posted form: use what was loaded, or answer 422 with what was typed and all reasons.

    :param use: calls ONE service and returns where to go next. :param values: for the template, beside ``form``.
    """
    data = form.load(request.form, request.files)
    if data is not None:
        try:
            answer = use(data)
            rt.current().session.flush()
            return answer
        except (Invalid, Refused, Conflict, TooManyTries) as error:
            rt.leave(commit=False)
            form.refuse(error)
        except (DBAPIError, StaleDataError) as error:
            rt.leave(commit=False)
            known = explained(error)
            if lost_race(error) or not isinstance(known, DomainError):
                raise
            form.refuse(known)
    return make_response(render_template(template, form=form, **values), 422)


def done(message: Text, endpoint: str, **values: Any) -> Response:
    """Go on to ``endpoint`` (303) with a word of success."""
    flash(str(message), "ok")
    return make_response(redirect(url_for(endpoint, **values), 303))


def of_domain_error(error: DomainError) -> Response:
    """A domain error as a page; who is not signed in goes to the sign-in page and comes back."""
    if isinstance(error, Unauthenticated):
        return _to_sign_in()
    if isinstance(error, FirstThis):
        return _first(error)
    if isinstance(error, UnderMaintenance):
        return _later(error)
    reasons = [translate(reason) for reason in error.reasons]
    reasons += [translate(reason) for found in error.fields.values() for reason in found]
    return _page(error.status, reasons)


def of_http_error(error: HTTPException) -> Response:
    """An HTTP error as a page."""
    response = _page(error.code or 500, [])
    for header, value in error.get_headers():
        if header in ("Allow", "Retry-After"):
            response.headers[header] = value
    return response


def _to_sign_in() -> Response:
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for(SIGN_IN, next=target) if target and target != "/" else url_for(SIGN_IN)
    if request.headers.get("HX-Request") == "true":
        response = make_response("", 401)
        response.headers["HX-Redirect"] = url_for(SIGN_IN)
        return response
    return make_response(redirect(address, 303))


# What is typed once and never shown again.
_SECRET = re.compile("password|secret|token|^code$", re.IGNORECASE)


def _later(error: UnderMaintenance) -> Response:
    """Nothing is lost: what was typed stays on the page, with a button that sends it again."""
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in IGNORED]
    kept = [(name, value) for name, value in typed if not _SECRET.search(name)]
    files = any(upload.filename for upload in request.files.values())
    html = render_template(
        "maintenance.html",
        words=[translate(reason) for reason in error.reasons],
        kept=kept,
        shown=request.form.get(SHOWN, ""),
        again=len(kept) == len(typed) and not files,
        files=files,
        back_url=_page_before(),
    )
    response = make_response(html, error.status)
    response.headers["Retry-After"] = str(error.retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page_before() -> str:
    """The page of ours on which the button was that sent this request; nothing if there was none."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or not current_app.url_map.bind("").test(before.path, "GET"):
        return ""
    return before._replace(scheme="", netloc="", fragment="").geturl()


def _first(error: FirstThis) -> Response:
    """To where something else is done first, and from there back to this page, if it is one that can be looked at."""
    for reason in error.reasons:
        flash(translate(reason), "warn")
    looked_at = request.method == "GET" and "HX-Request" not in request.headers
    target = request.full_path.rstrip("?") if looked_at else request.path
    readable = request.url_rule is not None and current_app.url_map.bind("").test(request.path, "GET")
    if not readable and (page := _page_before()):
        target, readable = page, True
    address = url_for(error.endpoint, next=target) if readable and target != "/" else url_for(error.endpoint)
    if request.headers.get("HX-Request") == "true":
        response = make_response("", error.status)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 303))


def _page(status: int, reasons: list[str]) -> Response:
    html = render_template("error.html", status=status, reasons=reasons, request_id=g.get("request_id", ""))
    return make_response(html, status)
