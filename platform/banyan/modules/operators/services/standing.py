"""What everybody is told just now, and whether anything may be written (NOT-02).

A process asks the database every two seconds at most, whoever asks it; in between it answers from memory, so that no
request pays for it and all processes agree within that time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from banyan.kernel.db.prepared import run
from banyan.kernel.i18n import LANGUAGES, language
from banyan.kernel.runtime import runtime

KEY, HEADER = "banyan.standing", "Banyan-Maintenance"
ASKED_EVERY_SECONDS = 2.0
_OPEN = (
    "SELECT id, kind, effects, begins_at, ends_at, place_path FROM service_window"
    " WHERE ended_at IS NULL AND ends_at > %(now)s ORDER BY begins_at, id"
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """A `ServiceWindow` that is not over, as every page shows it."""

    id: UUID
    kind: str
    effects: dict[str, str]
    begins_at: datetime
    ends_at: datetime
    place: str | None

    @property
    def words(self) -> str:
        """What it means, in the reader's language."""
        return said(self.effects)

    def runs(self, now: datetime) -> bool:
        """Whether it has begun and is not over."""
        return self.begins_at <= now < self.ends_at


def said(effects: dict[str, Any]) -> str:
    """Effects in the reader's language, else in the one that is always there."""
    return str(effects.get(language()) or effects[LANGUAGES[0]])


class Keeper:
    """The memory of one process."""

    def __init__(self) -> None:
        self._windows: tuple[Window, ...] = ()
        self._due = 0.0
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Ask again with the next request: something changed here."""
        self._due = 0.0

    def windows(self, connection: Connection | None = None) -> tuple[Window, ...]:
        """What is not over, as of two seconds ago at most. One thread asks, the others do not wait for it."""
        if time.monotonic() >= self._due and self._lock.acquire(blocking=False):
            try:
                self._due = time.monotonic() + ASKED_EVERY_SECONDS
                self._windows = self._ask(connection)
            except SQLAlchemyError:
                log.warning("windows of maintenance could not be read", exc_info=True)
            finally:
                self._lock.release()
        return self._windows

    def _ask(self, connection: Connection | None) -> tuple[Window, ...]:
        if connection is None:
            with runtime().db.engine.connect() as own:
                return self._ask(own)
        rows = run(connection, _OPEN, {"now": runtime().clock.now()})
        return tuple(Window(row[0], row[1], _json(row[2]), row[3], row[4], row[5]) for row in rows)


def _json(value: Any) -> dict[str, str]:
    found: dict[str, str] = value if isinstance(value, dict) else orjson.loads(value)
    return found


def install(app: Flask) -> None:
    """Give ``app`` its memory, and the answers of its API a header while there is something to tell."""
    app.extensions[KEY] = Keeper()
    app.after_request(_say)


def _say(response: Response) -> Response:
    if request.path.startswith("/api/"):
        now = runtime().clock.now()
        coming = [one for one in keeper().windows() if one.kind == "maintenance" and one.ends_at > now]
        if coming:
            state = "running" if coming[0].runs(now) else "announced"
            begins, ends = (moment.isoformat(timespec="seconds") for moment in (coming[0].begins_at, coming[0].ends_at))
            response.headers[HEADER] = f'state={state}, from="{begins}", until="{ends}"'
    return response


def keeper() -> Keeper:
    """The memory of the running application."""
    found = current_app.extensions[KEY]
    assert isinstance(found, Keeper)
    return found


def maintenance(connection: Connection | None = None) -> Window | None:
    """The maintenance that runs now, during which nothing may be written."""
    now = runtime().clock.now()
    found = (one for one in keeper().windows(connection) if one.kind == "maintenance" and one.runs(now))
    return next(found, None)


def shown(paths: Iterable[str]) -> list[Window]:
    """What is told now to somebody who belongs to, or looks at, the organisations at ``paths``."""
    now, known = runtime().clock.now(), tuple(paths)
    return [
        one
        for one in keeper().windows()
        if one.ends_at > now and (one.place is None or any(path.startswith(one.place) for path in known))
    ]
