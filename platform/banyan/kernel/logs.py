"""Structured logs: one line per event, JSON or for reading, with the request, organisation and account it belongs to.

Secrets do not reach a log: values under telling names are hidden, and so are passwords inside connection URLs.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from banyan.kernel.settings import LogFormat

HIDDEN = "[hidden]"
# Where the boundary leaves what the access log shows of a request: request id, organisation, account, route.
ENVIRON_KEY = "banyan.log"
_TELLING = re.compile(r"passw|secret|token|cookie|authori[sz]ation|csrf|registration_?code|api_?key|credential", re.I)
_URL_PASSWORD = re.compile(r"(?P<before>\w+://[^\s:/@]*:)[^\s/@]+(?=@)")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Loggers that report at INFO what interests only those who debug them.
_CHATTY = ("alembic", "casbin", "procrastinate", "werkzeug")

Event = MutableMapping[str, Any]


def hide_secrets(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor: values under telling names and passwords in URLs are replaced, at any depth."""
    for key in list(event):
        event[key] = HIDDEN if _TELLING.search(key) else _clean(event[key])
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\g<before>{HIDDEN}", value)
    if isinstance(value, Mapping):
        return {key: HIDDEN if _TELLING.search(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def configure(style: LogFormat = "console", level: str = "INFO") -> None:
    """Send everything that this process logs, also through `logging`, to standard error in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    if style == "json":
        last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def new_request_id(proposed: str | None = None) -> str:
    """The id of a request: the proposed one when a proxy sent something that is safe to log, else a new one."""
    if proposed is not None and _SAFE_ID.fullmatch(proposed):
        return proposed
    return str(uuid7())


def bind(*, request_id: str | None = None, org: str | None = None, account: UUID | str | None = None) -> None:
    """Name the request, organisation (its code) and account that everything logged from now on belongs to."""
    known = {"request_id": request_id, "org": org, "account": str(account) if account else None}
    structlog.contextvars.bind_contextvars(**{key: value for key, value in known.items() if value})


def bound() -> dict[str, Any]:
    """What `bind` named so far."""
    return structlog.contextvars.get_contextvars()


def clear() -> None:
    """Forget the last request; threads are used again."""
    structlog.contextvars.clear_contextvars()
