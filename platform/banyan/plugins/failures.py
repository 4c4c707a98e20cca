"""What went wrong in modules while they ran, kept for the operator: by module, place and kind, day by day."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Index, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.clock import Clock, today
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, Identified, c_text, new_id
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.db.session import Database

# From this many failures within a day and the one before, the operator is offered to switch the plugin off.
OFFER_FROM = 10
KEPT = timedelta(days=30)
WRITTEN_EVERY = 5.0
LONGEST = 4_000
log = structlog.get_logger(__name__)


class PluginFailure(Identified, Base):
    """Failures of one kind at one place of a module on one day. A directory table.

    :ivar place: the hook, ``job <name>`` or ``view <endpoint>``. :ivar kind: class of the exception.
    :ivar times: how often. :ivar trace: where in the code, of the last one.
    """

    __tablename__ = "plugin_failure"
    __table_args__ = (
        UniqueConstraint("module", "place", "kind", "day", name="uq_plugin_failure"),
        Index("ix_plugin_failure_last_at", "last_at"),
    )

    module: Mapped[str] = c_text()
    place: Mapped[str] = c_text()
    kind: Mapped[str] = c_text()
    day: Mapped[date]
    times: Mapped[int] = mapped_column(default=1)
    message: Mapped[str]
    trace: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


@dataclass(slots=True)
class _Waiting:
    times: int
    written: float


class Keeper:
    """Writes failures down in transactions of their own: a failing hook must cost neither its request nor the database.

    A module that fails in every request is counted in memory and written every `WRITTEN_EVERY` seconds.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str, str], _Waiting] = {}

    def __call__(self, module: str, where: str, error: BaseException) -> None:
        key = (module, where, type(error).__name__)
        with self._lock:
            waiting = self._waiting.setdefault(key, _Waiting(0, -WRITTEN_EVERY))
            waiting.times += 1
            if time.monotonic() - waiting.written < WRITTEN_EVERY:
                return
            times, waiting.times, waiting.written = waiting.times, 0, time.monotonic()
        try:
            with self._database.session(NOWHERE) as session:
                _add(session, self._clock, key, times, error)
                session.commit()
        except SQLAlchemyError:
            log.exception("failure of a plugin could not be written down", plugin=module, place=where)


def _add(session: Session, clock: Clock, key: tuple[str, str, str], times: int, error: BaseException) -> None:
    module, place, kind = key
    now = clock.now()
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))[-LONGEST:]
    row = insert(PluginFailure).values(
        id=new_id(),
        module=module,
        place=place,
        kind=kind,
        day=today(clock),
        times=times,
        message=_said(error)[:LONGEST],
        trace=frames,
        first_at=now,
        last_at=now,
    )
    newer = row.excluded
    session.execute(
        row.on_conflict_do_update(
            constraint="uq_plugin_failure",
            set_={
                "times": PluginFailure.times + newer.times,
                "message": newer.message,
                "trace": newer.trace,
                "last_at": newer.last_at,
            },
        )
    )


def _said(error: BaseException) -> str:
    """The message without values of rows: those may be about people, and operators are strangers to them."""
    if isinstance(error, DBAPIError):
        primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        return str(primary or type(error.orig).__name__)
    return str(error).replace("\x00", "")


def lately(session: Session, clock: Clock) -> dict[str, int]:
    """Module → failures today and yesterday."""
    since = today(clock) - timedelta(days=1)
    rows = session.execute(
        select(PluginFailure.module, func.sum(PluginFailure.times))
        .where(PluginFailure.day >= since)
        .group_by(PluginFailure.module)
    )
    return {module: int(times) for module, times in rows}


def of_module(session: Session, module: str, most: int = 50) -> Sequence[PluginFailure]:
    """The failures of one module, newest first."""
    return session.scalars(
        select(PluginFailure).where(PluginFailure.module == module).order_by(PluginFailure.last_at.desc()).limit(most)
    ).all()


def forget(session: Session, module: str) -> None:
    """Begin to count anew: the operator has seen to it."""
    session.execute(delete(PluginFailure).where(PluginFailure.module == module))


def purge(ctx: Context) -> None:
    """Delete what is older than `KEPT`."""
    ctx.session.execute(delete(PluginFailure).where(PluginFailure.last_at < ctx.clock.now() - KEPT))
