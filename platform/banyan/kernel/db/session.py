"""Sessions: one factory whose scope is a required argument and never changes."""

from __future__ import annotations

import time
from typing import Any

import orjson
import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, Table, create_engine, event, or_, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, with_loader_criteria
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from banyan.kernel.db.prepared import DIALECT, run
from banyan.kernel.db.scoped import Published, Scope, Scoped
from banyan.kernel.errors import ScopeViolation

_SET_SCOPE = (
    "SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true), set_config('app.up', %(up)s, true),"
    " set_config('app.me', %(me)s, true)"
)
# The range of a nation and that of a village share no good plan: in a request the server must not keep one plan for all
# values of a prepared statement (it would sort 665,276 organisations for the first page of the nation). Jobs and
# commands do without: they may write much, and the checks of foreign keys would be planned anew for every row, too.
_OWN_PLANS = ", set_config('plan_cache_mode', 'force_custom_plan', true)"


class ScopedSession(Session):
    """A session that sees one scope; its identity map can never hold a neighbour."""

    def __init__(self, bind: Engine | Connection, scope: Scope) -> None:
        super().__init__(bind=bind, expire_on_commit=False, join_transaction_mode="control_fully")
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """What this session sees, for ever."""
        return self._scope


@event.listens_for(ScopedSession, "after_begin")
def _tell_row_security(session: ScopedSession, _transaction: SessionTransaction, connection: Connection) -> None:
    _tell(connection, session.scope, own_plans=isinstance(session.bind, Connection))


def _tell(connection: Connection, scope: Scope, *, own_plans: bool) -> None:
    statement = _SET_SCOPE + _OWN_PLANS if own_plans else _SET_SCOPE
    run(connection, statement, {"lo": scope.lo, "hi": scope.hi, "up": ",".join(scope.up), "me": scope.me})


def reading(session: Session) -> Connection:
    """A connection that sees what ``session`` sees, for selects of columns.

    The session of a request (which works on the gate's connection) stays unused as long as it has done nothing else:
    its unit of work costs as much as a page of rows. The boundary ends the transaction of the connection in any case.
    """
    if isinstance(session, ScopedSession) and isinstance(session.bind, Connection) and not session.in_transaction():
        _tell(session.bind, session.scope, own_plans=True)
        return session.bind
    return session.connection()


def _within(model: type[Scoped], scope: Scope) -> ColumnElement[bool]:
    inside = (model.org_path >= scope.lo) & (model.org_path < scope.hi)
    ways: list[ColumnElement[bool]] = [inside]
    if issubclass(model, Published) and scope.up:
        ways.append(model.published & model.org_path.in_(scope.up))
    beyond = model.seen_beyond(scope)
    if beyond is not None:
        ways.append(beyond)
    return or_(*ways)


@event.listens_for(ScopedSession, "do_orm_execute")
def _narrow_to_scope(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, ScopedSession) or session.scope.reason:
        return
    mappers = [mapper for mapper in state.all_mappers if issubclass(mapper.class_, Scoped)]
    for mapper in mappers:
        state.statement = state.statement.options(
            with_loader_criteria(mapper.class_, _within(mapper.class_, session.scope), include_aliases=True)
        )


@event.listens_for(ScopedSession, "before_flush")
def _refuse_writes_outside(session: ScopedSession, _context: UOWTransaction, _instances: object) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Scoped) and not session.scope.holds(row.org_path):
            raise ScopeViolation(f"{type(row).__name__} at {row.org_path!r} lies outside {session.scope}")


def scoped_select(session: ScopedSession, table: Table, *columns: ColumnElement[Any]) -> Any:
    """A Core select over ``table`` (which has ``org_path``) narrowed to the session's scope.

    The only way to read a `Scoped` table without its model: wall 1 does not see plain Core statements.
    """
    scope = session.scope
    return select(*columns).where(table.c.org_path >= scope.lo, table.c.org_path < scope.hi)


class Database:
    """The engine of one process.

    :param url: connection URL of the role ``banyan_app`` (``postgresql://…``).
    :param pool_size: connections this process may hold.
    """

    def __init__(self, url: str, *, pool_size: int = 5, pooled_by_proxy: bool = False) -> None:
        options: dict[str, Any] = {"prepare_threshold": None} if pooled_by_proxy else {}
        self.url = url
        self.engine = create_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            connect_args=options,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        event.listen(self.engine, "checkin", _note_time)
        event.listen(self.engine, "checkout", _replace_dead)

    def session(self, scope: Scope, *, on: Connection | None = None) -> ScopedSession:
        """A new session with ``scope``, on its own connection or on the one given."""
        return ScopedSession(on if on is not None else self.engine, scope)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


# A connection that was in use a moment ago is not asked whether it still lives: that would cost every request a trip.
UNASKED_SECONDS = 1.0


def _note_time(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["left"] = time.monotonic()


def _replace_dead(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Let the pool replace connections that a restart of the server, or somebody between, has ended."""
    if time.monotonic() - entry.info.get("left", float("inf")) < UNASKED_SECONDS:
        return
    try:
        DIALECT.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def driver_url(url: str) -> str:
    """``postgres://`` and ``postgresql://`` URLs name psycopg 3 for SQLAlchemy."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
