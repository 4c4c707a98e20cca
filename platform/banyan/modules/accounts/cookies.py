"""The cookies of signing in, and what a request says of where it came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, request

from banyan.kernel import runtime as rt
from banyan.modules.accounts.services import devices, identity
from banyan.modules.accounts.services.entering import Entered
from banyan.modules.accounts.services.visitors import Visitor

STEP_COOKIE, STEP_PATH = "banyan_step", "/sign-in"
MOST_DEVICES = 20


def visitor() -> Visitor:
    """Where the request came from."""
    agent = "".join(character for character in request.user_agent.string if character.isprintable())
    kept = {name: value for name, value in request.cookies.items() if name.startswith(devices.COOKIE_PREFIX)}
    cookie = request.cookies.get(identity.SESSION_COOKIE, "")
    return Visitor(request.remote_addr or "", agent[:300], cookie, dict(list(kept.items())[:MOST_DEVICES]))


def signed_in_at(entered: Entered, target: str) -> Response:
    """On to ``target`` with the cookies of a new session."""
    response = make_response(redirect(target, 303))
    lifetime = rt.runtime().settings.session_lifetime
    keep(response, identity.SESSION_COOKIE, entered.cookie, lifetime)
    if entered.device:
        keep(response, entered.device_cookie, entered.device, devices.KEPT, path=STEP_PATH)
        keep(response, entered.device_cookie, entered.device, devices.KEPT, path="/report-theft")
    return response


def keep(response: Response, name: str, value: str, lifetime: timedelta, **options: Any) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    secure = rt.runtime().settings.https
    response.set_cookie(
        name, value, max_age=lifetime, httponly=True, samesite="Lax", secure=secure, **{"path": "/", **options}
    )
