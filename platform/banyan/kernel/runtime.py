"""What one process holds for its whole life, and what one request holds while it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app, g
from sqlalchemy import Connection

from banyan.kernel.clock import Clock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Exact
from banyan.kernel.db.session import Database
from banyan.kernel.files import FileStore
from banyan.kernel.jobs import Job
from banyan.kernel.settings import Settings
from banyan.kernel.values import OrgRef

if TYPE_CHECKING:
    from flask import Flask

KEY = "banyan.runtime"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The process: settings, database, clock, files, jobs by name."""

    settings: Settings
    db: Database
    clock: Clock
    store: FileStore
    jobs: Mapping[str, Job] = field(default_factory=dict)


def install(app: Flask, runtime: Runtime) -> None:
    """Make ``runtime`` that of ``app``."""
    app.extensions[KEY] = runtime


def runtime() -> Runtime:
    """The runtime of the running application."""
    found = current_app.extensions[KEY]
    assert isinstance(found, Runtime)
    return found


@dataclass(slots=True)
class RequestState:
    """One request's transaction.

    :ivar connection: on which gate and session work; None until something needs the database.
    :ivar modules: names of the modules that are on at the organisation of the request.
    """

    ctx: Context
    connection: Connection | None = None
    modules: frozenset[str] = frozenset()


def enter(state: RequestState) -> None:
    """Make ``state`` that of the current request."""
    g.banyan = state


def state() -> RequestState | None:
    """The state of the current request, None before the gate."""
    found: RequestState | None = g.get("banyan")
    return found


def current() -> Context:
    """The context of the current request."""
    found = state()
    if found is None:
        raise RuntimeError("the gate has not been passed")
    return found.ctx


def path_to(endpoint: str, **values: Any) -> str:
    """The path of a view, also where no request is answered: in jobs and where events are heard."""
    return current_app.url_map.bind("").build(endpoint, values)


def enabled() -> frozenset[str]:
    """Names of the modules that are on at the organisation of the current request."""
    found = state()
    return found.modules if found is not None else frozenset()


def inside(org: OrgRef, account: UUID | None = None) -> Context:
    """Let the current request go on inside ``org`` alone: its visitor named it by a code, or is a member there.

    What was read before is left behind; what the gate wrote is kept.

    :param account: whose own rows are seen as well, where the code was that account's.
    """
    found = state()
    if found is None:
        raise RuntimeError("the gate has not been passed")
    scope = replace(Exact(org), me=str(account) if account is not None else found.ctx.session.scope.me)
    leave(commit=True)
    found.ctx.session.close()
    found.ctx = replace(found.ctx, session=runtime().db.session(scope, on=found.connection), org=org)
    return found.ctx


def leave(*, commit: bool) -> None:
    """End the transaction of the request: all of it is kept, or nothing."""
    found = state()
    if found is None:
        return
    session, connection = found.ctx.session, found.connection
    for each in (session, connection):
        # What the gate wrote (a session in use) is in the connection's transaction, even if the session began none.
        if each is not None and each.in_transaction():
            if commit:
                each.commit()
            else:
                each.rollback()


def close() -> None:
    """Give the connection back."""
    found = g.pop("banyan", None)
    if found is not None:
        found.ctx.session.close()
        if found.connection is not None:
            found.connection.close()
