"""The boundary of a request: one commit, one retry after a lost race, errors as problem details or pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from flask import Flask, Request, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from banyan import gate
from banyan.api import answers, problems
from banyan.kernel import runtime as rt
from banyan.kernel.db.failures import explained, lost_race
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.errors import DomainError, Forbidden, Refused
from banyan.modules.audit.services import Subject, record
from banyan.plugins import manager
from banyan.web import pages

log = structlog.get_logger(__name__)


class FormSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, which only forms use: a request without it, as all of the API, needs no signer."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()


class Banyan(Flask):
    """Flask whose requests commit once: below 400 everything is kept, from 400 on nothing is."""

    session_interface = FormSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: nothing here is a coroutine, and Flask would look a dozen times in each request."""
        return func

    def dispatch_request(self) -> Response:
        try:
            return self._one_transaction()
        except (DBAPIError, StaleDataError) as error:
            rt.leave(commit=False)
            if not lost_race(error):
                raise explained(error) from error
        gate.reopen()
        try:
            return self._one_transaction()
        except (DBAPIError, StaleDataError) as error:
            rt.leave(commit=False)
            raise explained(error) from error

    def _one_transaction(self) -> Response:
        try:
            response = answers.once(lambda: self.make_response(super(Banyan, self).dispatch_request()))
        except DomainError:
            rt.leave(commit=False)
            raise
        rt.leave(commit=response.status_code < 400)
        return response


def install(app: Flask) -> None:
    """Register the one handler of errors."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _domain_error(error: DomainError) -> Response:
    if isinstance(error, (Forbidden, Refused)):
        _write_refusal(error)
    if _is_api():
        return problems.of_domain_error(error)
    return pages.of_domain_error(error)


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        log.error("request failed", exc_info=error.original_exception)
    return problems.of_http_error(error) if _is_api() else pages.of_http_error(error)


def _unexpected(error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    known = explained(error)
    if isinstance(known, DomainError):
        return _domain_error(known)
    _tell_of_plugin(error)
    failure = known if isinstance(known, HTTPException) else InternalServerError()
    return problems.of_http_error(failure) if _is_api() else pages.of_http_error(failure)


def _tell_of_plugin(error: Exception) -> None:
    """A view of a plugin that fails is counted against it, as a failing hook is."""
    plugins = manager.current()
    module = plugins.module_of(request.blueprint or "")
    if module is not None and module not in plugins.core:
        plugins.report(module, f"view {request.endpoint}", error)


def _write_refusal(error: DomainError) -> None:
    """Refusals are kept in a short transaction of their own, or they would be rolled back with the rest."""
    state = rt.state()
    if state is None or state.ctx.actor.account_id is None:
        return
    with rt.runtime().db.session(NOWHERE) as session:
        ctx = replace(state.ctx, session=session)
        label = f"{request.method} {request.path}"[:200]
        record(ctx, "access.request.refuse", Subject("request", g.request_id, label), outcome="refused")
        session.commit()
