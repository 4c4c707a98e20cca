"""How many requests a token may send: counted in each process, exchanged between them about once a second (API-01).

Windows are fixed minutes of the clock. A process counts in memory, which costs a request some microseconds, and tells
the others through one UNLOGGED table: at the end of the first request of a token, and once a second for all that were
counted since, in one statement. So a limit holds for all processes and machines together; it may be overstepped by what
arrives within that second. Shares of a limit by process would not hold: gunicorn spreads connections unevenly, and a
client that keeps its connection would be cut off at its share.

The library ``limits`` has storages for one process or for servers that Banyan does without, none for PostgreSQL.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel import runtime as rt
from banyan.kernel.db.base import Base, c_text
from banyan.kernel.db.session import Database
from banyan.kernel.errors import TooManyRequests
from banyan.kernel.i18n import lazy
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor

WINDOW = 60
EXCHANGE_SECONDS = 1.0
TOLD_BEFORE = timedelta(days=14)
MOST_KEPT = 50_000
_KEY = "banyan.rates"
log = structlog.get_logger(__name__)


class RequestCount(Base):
    """How many requests came with a token, or without one from an address, in a window. Lost in a crash: no harm.

    :ivar begins: seconds since 1970.
    """

    __tablename__ = "api_count"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[str] = c_text(primary_key=True)
    begins: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requests: Mapped[int]
    writes: Mapped[int]


_EXCHANGE = text(
    "INSERT INTO api_count (key, begins, requests, writes)"
    " SELECT * FROM unnest(:keys, :begins, :requests, :writes) ORDER BY 1"
    " ON CONFLICT (key, begins) DO UPDATE SET requests = api_count.requests + excluded.requests,"
    " writes = api_count.writes + excluded.writes RETURNING key, begins, requests, writes"
).bindparams(
    bindparam("keys", type_=ARRAY(Text)),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("begins", "requests", "writes")),
)


@dataclass(slots=True)
class Slot:
    """One sender in one window: what all processes counted when last asked, and what this one counted since."""

    begins: int
    known: tuple[int, int] = (0, 0)
    fresh: tuple[int, int] = (0, 0)
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sender stands: limits, what is left of each, seconds to the next window, and whether this one is over."""

    limits: tuple[tuple[str, int], ...]
    left: tuple[int, ...]
    seconds: int
    refused: bool


class Rates:
    """The counts of one process."""

    def __init__(self, settings: Settings) -> None:
        self.requests, self.writes = settings.api_requests, settings.api_writes
        self.strangers = settings.api_strangers
        self.exchange_seconds = EXCHANGE_SECONDS
        self._slots: dict[str, Slot] = {}
        self._lock = threading.Lock()
        self._due = 0.0

    def count(self, key: str, limits: tuple[tuple[str, int], ...], writes: bool, now: float) -> Standing:
        """Count a request of ``key``; one that is over its limit is not counted."""
        begins = int(now) // WINDOW * WINDOW
        with self._lock:
            slot = self._slots.get(key)
            if slot is None or slot.begins != begins:
                if len(self._slots) >= MOST_KEPT:
                    self._slots = {name: one for name, one in self._slots.items() if one.begins == begins}
                slot = self._slots[key] = Slot(begins)
            used = (slot.known[0] + slot.fresh[0], slot.known[1] + slot.fresh[1])
            left = [most - done for (_name, most), done in zip(limits, used, strict=False)]
            refused = any(rest <= 0 for rest in left)
            if not refused:
                slot.fresh = (slot.fresh[0] + 1, slot.fresh[1] + writes)
                left = [rest - 1 for rest in left]
        return Standing(limits, tuple(max(0, rest) for rest in left), begins + WINDOW - int(now), refused)

    def waiting(self, key: str) -> list[tuple[str, Slot, tuple[int, int]]]:
        """What to tell the others now that a request of ``key`` ends: nothing most of the time."""
        with self._lock:
            slot, moment = self._slots.get(key), time.monotonic()
            if moment < self._due and (slot is None or slot.asked):
                return []
            self._due = moment + self.exchange_seconds
            found = [(name, one, one.fresh) for name, one in self._slots.items() if one.fresh != (0, 0)]
            for _name, one, fresh in found:
                one.asked = True
                one.known = (one.known[0] + fresh[0], one.known[1] + fresh[1])
                one.fresh = (0, 0)
            return found

    def exchange(self, db: Database, told: Iterable[tuple[str, Slot, tuple[int, int]]]) -> None:
        """Add what this process counted to what all counted, and learn the sum."""
        sent = list(told)
        values = {
            "keys": [name for name, _slot, _fresh in sent],
            "begins": [slot.begins for _name, slot, _fresh in sent],
            "requests": [fresh[0] for _name, _slot, fresh in sent],
            "writes": [fresh[1] for _name, _slot, fresh in sent],
        }
        with db.engine.begin() as connection:
            sums = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(_EXCHANGE, values)}
        with self._lock:
            for name, slot, _fresh in sent:
                requests, writes = sums.get((name, slot.begins), slot.known)
                slot.known = (max(requests, slot.known[0]), max(writes, slot.known[1]))


def install(app: Flask, settings: Settings) -> None:
    """Count the requests of ``app``; call before the gate is installed, which gives its connection back first."""
    app.extensions[_KEY] = Rates(settings)
    app.after_request(_say)
    app.teardown_request(_tell)


def rates() -> Rates:
    """The counts of the running application."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Rates)
    return found


def admit(actor: Actor | None) -> None:
    """Count this request of the API, by its token or, where nobody signed in, by its address.

    :raises TooManyRequests: it is one too many.
    """
    if "rate" in g or not request.path.startswith("/api/"):
        return
    held, writes = rates(), request.method not in ("GET", "HEAD", "OPTIONS")
    if actor is not None and actor.credential_id is not None:
        key = actor.credential_id.hex
        limits: tuple[tuple[str, int], ...] = (("requests", held.requests),)
        limits += (("writes", held.writes),) if writes and held.writes else ()
    else:
        key, limits = f"address {request.remote_addr}", (("address", held.strangers),)
    if not limits[0][1]:
        return
    g.rate_key = key
    g.rate = held.count(key, limits, writes, rt.runtime().clock.now().timestamp())
    if g.rate.refused:
        raise TooManyRequests(
            lazy("Too many requests. Go on in %(seconds)s seconds.", seconds=g.rate.seconds), retry_after=g.rate.seconds
        )


def _say(response: Response) -> Response:
    standing: Standing | None = g.get("rate")
    if standing is not None:
        policies = [f'"{name}";q={most};w={WINDOW}' for name, most in standing.limits]
        names = [name for name, _most in standing.limits]
        left = [f'"{name}";r={rest};t={standing.seconds}' for name, rest in zip(names, standing.left, strict=True)]
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(left)
    ends: datetime | None = g.get("token_ends")
    if ends is not None and ends - rt.runtime().clock.now() <= TOLD_BEFORE:
        response.headers["Banyan-Token-Expires"] = ends.isoformat(timespec="seconds")
    return response


def _tell(_error: BaseException | None) -> None:
    key = g.pop("rate_key", None)
    told = rates().waiting(key) if key is not None else []
    if not told:
        return
    try:
        rates().exchange(rt.runtime().db, told)
    except SQLAlchemyError:
        log.warning("counts of requests were not exchanged", exc_info=True)
