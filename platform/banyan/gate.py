"""The gate: one way in for the whole application, failing closed.

Sign-in, then organisation and reach, then module, then permission; the order is part of the contract, because it
decides what a stranger can learn: nothing is looked up before sign-in, and out of reach is the same as not existing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from flask import Flask, current_app, g, request
from sqlalchemy import Connection, Select, true
from werkzeug.routing import Rule

from banyan.api import rates
from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import PUBLIC, Mark, always, mark_of
from banyan.kernel.context import Context
from banyan.kernel.db.prepared import Prepared
from banyan.kernel.db.scoped import NOWHERE, Exact, Scope, Subtree, Whole
from banyan.kernel.errors import FirstThis, Forbidden, NotFound, Refused, Unauthenticated, UnderMaintenance
from banyan.kernel.i18n import lazy
from banyan.kernel.values import NOBODY, Actor, Decision, Grant, OrgRef, Snapshot
from banyan.modules.access import narrowing, policy, rules
from banyan.modules.access.models import PolicyStamp, RoleGrant
from banyan.modules.accounts.services import copied, duties, identity
from banyan.modules.operators.services import standing
from banyan.modules.tenancy.services import place as places
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

MARKS, ALWAYS = "banyan.marks", "banyan.always"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
Marks = dict[str, dict[str, Mark]]


class UnmarkedViews(RuntimeError):
    """Views that do not say who may enter."""


def install(app: Flask, *, by_name: dict[str, Mark]) -> None:
    """Guard every endpoint of ``app``; call after all blueprints are registered.

    :param by_name: marks of endpoints that libraries bring (static files, OpenAPI document).
    :raises UnmarkedViews: listing every view without a mark.
    """
    app.extensions[MARKS] = collect(app, by_name)
    app.extensions[ALWAYS] = {name for name in app.extensions[MARKS] if always(app.view_functions[name])}
    app.before_request(open_gate)
    app.url_value_preprocessor(_take_code)
    app.url_defaults(_give_code)
    app.teardown_request(_close)


def collect(app: Flask, by_name: dict[str, Mark]) -> Marks:
    """Endpoint → HTTP method → mark, for the whole URL map."""
    found: Marks = {}
    missing: list[str] = []
    for rule in app.url_map.iter_rules():
        for method in _methods(rule):
            mark = by_name.get(rule.endpoint) or mark_of(_handler(app, rule.endpoint, method))
            if mark is None:
                missing.append(f"{method} {rule.rule} ({rule.endpoint})")
            else:
                found.setdefault(rule.endpoint, {})[method] = mark
    if missing:
        raise UnmarkedViews("these views do not say who may enter:\n  " + "\n  ".join(sorted(set(missing))))
    return found


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _handler(app: Flask, endpoint: str, method: str) -> object:
    view = app.view_functions[endpoint]
    cls = getattr(view, "view_class", None)
    return getattr(cls, method.lower(), None) if cls is not None else view


def open_gate() -> None:
    """Let the request in, or raise what it is answered with."""
    if request.routing_exception is not None or request.endpoint is None or request.method == "OPTIONS":
        _enter(NOBODY, None, NOWHERE, None, None)
        return
    marks = current_app.extensions[MARKS][request.endpoint]
    mark = marks.get(request.method) or marks["GET"]
    runtime = rt.runtime()
    if mark == PUBLIC and g.code is None and not _of_plugin():
        rates.admit(None)
        _enter(NOBODY, None, NOWHERE, None, None)
        _writable(NOBODY, None)
        return
    connection = runtime.db.engine.connect()
    g.gate_connection = connection
    actor, place = _identify(connection)
    rates.admit(actor)
    if actor is None and mark.kind != "public":
        raise Unauthenticated(lazy("Please sign in."))
    if mark.kind != "public" and not duties.open_to(g.get("obligation", ""), request.endpoint):
        raise FirstThis(duties.OBLIGATIONS[g.obligation])
    if actor is None and g.code is not None:
        place = places.by_code(connection, g.code)
    _pass(mark, actor or NOBODY, place, connection)


def _pass(mark: Mark, actor: Actor, place: places.Place | None, connection: Connection) -> None:
    _reach(mark, actor, place)
    _own(mark, actor)
    g.place = place
    org = place.ref if place else None
    modules = frozenset[str]()
    if org is not None:
        modules = enabled_modules(connection, manager.current(), org)
        _module_on(modules)
    elif _of_plugin():
        _module_on(enabled_modules(connection, manager.current(), actor.home) if actor.home else frozenset())
    decision = None
    if mark.kind == "permission" and org is not None:
        decision = rules.decide(actor.grants, actor.policy, mark.permission, org.path)
    _enter(actor, org, _scope(mark, actor, org), connection, decision)
    state = rt.state()
    if state is not None:
        state.modules = modules
    if decision is not None and not decision.allowed:
        raise Forbidden(lazy("Your role does not allow this here."))
    if place is not None and not place.active and request.method not in READING and not mark.ended:
        raise Refused(
            lazy("%(name)s has been revoked: what it leaves can be read, nothing can be changed.", name=place.name)
        )
    _writable(actor, connection)
    if mark.check is not None and not mark.check(rt.current()):
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))


def _writable(actor: Actor, connection: Connection | None) -> None:
    """During maintenance people read on, and only who runs the installation writes (NOT-02)."""
    if request.method in READING or actor.operator or request.endpoint in current_app.extensions[ALWAYS]:
        return
    window = standing.maintenance(connection)
    if window is not None:
        left = (window.ends_at - rt.runtime().clock.now()).total_seconds()
        raise UnderMaintenance(window.words, retry_after=max(1, round(left)))


def _reach(mark: Mark, actor: Actor, place: places.Place | None) -> None:
    if mark.kind == "operator" and not actor.operator:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    if g.code is None and mark.kind != "permission":
        return
    reach = mark.kind != "permission" or (place is not None and rules.covered(actor.grants, place.path))
    if place is None or not reach:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))


def _own(mark: Mark, actor: Actor) -> None:
    """One's own things are an account's: no service token has any, and a limited token only looks at them."""
    if mark.kind != "signed_in" or not actor.limited:
        return
    if actor.via == "service" or request.method not in ("GET", "HEAD"):
        _enter(actor, None, NOWHERE, None, None)
        raise Forbidden(lazy("This token is limited and may not do this."))


def _module() -> str | None:
    """The module whose view is asked for; also a blueprint inside another belongs to the module of the outer one."""
    found = (manager.current().module_of(name) for name in request.blueprints)
    return next((module for module in found if module is not None), None)


def _of_plugin() -> bool:
    """Whether a plugin's view is asked for. One without an organisation is on where it is on at the reader's home."""
    module = _module()
    return module is not None and module not in manager.current().core


def _module_on(modules: frozenset[str]) -> None:
    module = _module()
    if module is not None and module not in modules:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))


def _scope(mark: Mark, actor: Actor, org: OrgRef | None) -> Scope:
    if mark.kind == "permission" and org is not None:
        return Whole(mark.whole) if mark.whole else Subtree(org)
    if mark.kind == "participant" and org is not None:
        return Exact(org)
    if mark.kind == "signed_in" and actor.home is not None:
        return Exact(actor.home)
    return Scope("", "", (org.path,)) if org is not None else NOWHERE


def _lookup(credentials: Select[*tuple[Any, ...]]) -> Prepared:
    """All that the gate has to know in one statement: account, version of the policy, grants, place.

    Place and grants hang on the account: where nobody signed in nothing else is looked up.
    """
    statement = credentials.add_columns(*policy.AUTHORITY).outerjoin(PolicyStamp, true())
    return Prepared(places.joined(statement.outerjoin(RoleGrant, policy.valid_grants(identity.ACCOUNT_ID))))


_BY_TOKEN, _BY_SESSION = _lookup(identity.TOKENS), _lookup(identity.SESSIONS)
_TOKEN_WIDTH, _SESSION_WIDTH = len(identity.TOKENS.selected_columns), len(identity.SESSIONS.selected_columns)


def _identify(connection: Connection) -> tuple[Actor | None, places.Place | None]:
    """Who asks, and the organisation that the URL names (whether or not they may know of it)."""
    runtime = rt.runtime()
    now = runtime.clock.now()
    address = request.remote_addr or ""
    if request.path.startswith("/api/"):
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        lookup, width = _BY_TOKEN, _TOKEN_WIDTH
        secret, values = secret.strip() if scheme.lower() == "bearer" else "", identity.of_token(secret.strip(), now)
    else:
        secret = request.cookies.get(identity.SESSION_COOKIE, "")
        lookup, width = _BY_SESSION, _SESSION_WIDTH
        values = identity.of_session(secret, now, runtime.settings.session_idle)
    rows = lookup.rows(connection, {**values, "code": g.code}) if secret else []
    if not rows:
        return None, None
    token = lookup is _BY_TOKEN
    found = (identity.from_token if token else identity.from_session)(connection, rows[0], now, address)
    if copied.elsewhere(found, request.user_agent.string, address, g.request_id):
        return None, None
    g.obligation, g.notice = found.obligation, found.notice
    g.language = found.language
    g.display_name = found.display_name
    g.token_ends = found.expires_at
    beyond = width + len(policy.AUTHORITY)
    grants, snapshot = policy.read(connection, policy.store(), [row[width:beyond] for row in rows])
    actor = _actor(found, token, grants, snapshot, address)
    return actor, places.Place(*rows[0][beyond:]) if rows[0][beyond] is not None else None


def _actor(found: identity.Identity, token: bool, grants: tuple[Grant, ...], snapshot: Snapshot, address: str) -> Actor:
    """The actor with what is left of the rights: a token's limits are cut out of them here and nowhere else."""
    if found.service:
        grants, snapshot = narrowing.own(found.credential_id, snapshot.version, found.limits or narrowing.Limits())
    elif found.limits is not None:
        grants, snapshot = narrowing.narrowed(grants, snapshot, found.limits)
    via: Any = "service" if found.service else "token" if token else "session"
    limited = found.limits is not None
    known = (found.account_id, found.sign_in_name, via, found.home, grants, snapshot, address, found.credential_id)
    return Actor(*known, limited, found.operator and not limited)


def _enter(
    actor: Actor, org: OrgRef | None, scope: Scope, connection: Connection | None, decision: Decision | None
) -> None:
    runtime = rt.runtime()
    scope = replace(scope, me=str(actor.account_id or ""))
    session = runtime.db.session(scope, on=connection)
    ctx = Context(session, actor, org, runtime.clock, g.request_id, decision)
    rt.enter(rt.RequestState(ctx, connection))
    structlog.contextvars.bind_contextvars(
        request_id=g.request_id, account=str(actor.account_id or ""), org=g.code or ""
    )


def _take_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    code = values.pop("code", None) if values else None
    # PostgreSQL takes no text with a zero character, and no code has one: such an address is like any unknown one.
    g.code = code.replace("\x00", "\ufffd") if code else code


def _give_code(endpoint: str, values: dict[str, Any]) -> None:
    if "code" not in values and g.get("code") and current_app.url_map.is_endpoint_expecting(endpoint, "code"):
        values["code"] = g.code


def _close(_error: BaseException | None) -> None:
    rt.close()
    connection = g.pop("gate_connection", None)
    if connection is not None:
        connection.close()
    structlog.contextvars.unbind_contextvars("request_id", "account", "org")


def reopen() -> None:
    """Start the request over after a lost race: nothing of the first try is kept."""
    _close(None)
    open_gate()
