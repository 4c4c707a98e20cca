"""What operators and their machines ask: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import structlog
from flask import Blueprint, Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from banyan.kernel import logs
from banyan.kernel.access_marks import public
from banyan.kernel.db.session import Database
from banyan.kernel.runtime import runtime
from banyan.plugins import manager
from banyan.plugins.migrate import pending

# A worker beats every ten seconds (procrastinate's default).
WORKER_SILENT_SECONDS = 30
REQUEST_ID_HEADER = "X-Request-ID"
# Arguments of addresses that are secrets: the access log shows the route instead of the path.
SECRET_ARGUMENTS = frozenset({"token", "secret", "registration", "registration_code"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("banyan_http_requests", "Requests answered", ["method", "endpoint", "status"])
LATENCY = Histogram("banyan_http_request_seconds", "Time to answer a request", ["endpoint"], buckets=BUCKETS)
POOL = Gauge(
    "banyan_db_connections_in_use", "Database connections in use by web processes", multiprocess_mode="livesum"
)

log = structlog.get_logger(__name__)
operations = Blueprint("operations", __name__)


def init_app(app: Flask) -> None:
    """Register the views; number, log and measure every request. Comes before anything that may end a request."""
    app.before_request(_begin)
    app.after_request(_measure)
    app.teardown_request(_forget)
    app.register_blueprint(operations)


def _begin() -> None:
    logs.clear()
    g.request_id = logs.new_request_id(request.headers.get(REQUEST_ID_HEADER))
    g.began = time.perf_counter()
    logs.bind(request_id=g.request_id)


def _measure(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    response.headers[REQUEST_ID_HEADER] = g.request_id
    REQUESTS.labels(request.method, endpoint, response.status_code).inc()
    LATENCY.labels(endpoint).observe(time.perf_counter() - g.began)
    pool = runtime().db.engine.pool
    if isinstance(pool, QueuePool):
        POOL.set(pool.checkedout())
    shown = {key: value for key, value in logs.bound().items() if value} | {"endpoint": endpoint}
    if request.url_rule is not None and SECRET_ARGUMENTS.intersection(request.view_args or {}):
        shown["path"] = request.url_rule.rule
    request.environ[logs.ENVIRON_KEY] = shown
    return response


def _forget(_error: BaseException | None) -> None:
    logs.clear()


@operations.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@operations.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Whether requests can be served: 503 with all reasons when they cannot."""
    checks = dict(_checks())
    supervised = runtime().settings.supervised
    harmless = {"plugin_migrations"} if supervised else {"plugin_migrations", "worker"}
    failing = [name for name, reason in checks.items() if reason and name not in harmless]
    body = {
        "status": "unavailable" if failing else "ready",
        "checks": {name: reason or "ok" for name, reason in checks.items()},
        "plugins_not_loaded": sorted(manager.current().failures),
    }
    return jsonify(body), 503 if failing else 200


def _checks() -> Iterator[tuple[str, str]]:
    """What was looked at, and what is wrong with it (nothing: an empty reason)."""
    try:
        with runtime().db.engine.connect() as connection:
            yield "database", ""
            behind = pending(connection, manager.current())
            told = f"behind: {', '.join(behind)}; run `banyan db upgrade`" if behind else ""
            yield "migrations", told if "core" in behind else ""
            yield "plugin_migrations", told if "core" not in behind else ""
            # The queue's tables come with the core's migrations.
            seen = None if "core" in behind else connection.scalar(text(_WORKER_AGE))
            yield "worker", _worker(seen)
    except (SQLAlchemyError, DBAPIError) as error:
        log.warning("not ready", error=type(error).__name__)
        yield "database", "cannot be reached"


_WORKER_AGE = "SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers"


def _worker(age: float | None) -> str:
    if age is None:
        return "no worker is running"
    return f"last seen {age:.0f} s ago" if age > WORKER_SILENT_SECONDS else ""


_QUEUE_LENGTH = (
    "SELECT status::text, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY status"
)


class _Queue(Collector):
    """The length of the queue, asked when somebody looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[GaugeMetricFamily]:
        lengths = GaugeMetricFamily("banyan_queue_jobs", "Jobs in the queue", labels=["status"])
        with suppress(SQLAlchemyError), self._database.engine.connect() as connection:
            found: dict[str, int] = dict(connection.execute(text(_QUEUE_LENGTH)).all())
            for status in ("todo", "doing"):
                lengths.add_metric([status], found.get(status, 0))
        yield lengths


@operations.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures for Prometheus, of all web processes together, with the length of the queue."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(_Queue(runtime().db))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
