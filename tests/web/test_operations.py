"""Health, readiness, figures, and the number every request carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from banyan.boundary import Banyan
from banyan.kernel.db.urls import Urls
from banyan.kernel.logs import ENVIRON_KEY


@pytest.fixture
def supervised(app: Banyan) -> Iterator[None]:
    held = app.extensions["banyan.runtime"]
    app.extensions["banyan.runtime"] = replace(held, settings=replace(held.settings, supervised=True))
    yield
    app.extensions["banyan.runtime"] = held


def heartbeat(urls: Urls, age: str) -> None:
    with psycopg.connect(urls.owner) as owner:
        owner.execute(f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '{age}')")


def test_the_process_answers(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_without_a_supervisor_a_missing_worker_is_told_and_does_not_fail(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    well = {"database": "ok", "migrations": "ok", "plugin_migrations": "ok"}
    assert answer.get_json()["checks"] == {**well, "worker": "no worker is running"}


@pytest.mark.usefixtures("supervised")
@pytest.mark.clause("SYS-04")
def test_under_serve_a_missing_or_silent_worker_fails(client: FlaskClient, urls: Urls) -> None:
    missing = client.get("/readyz")
    heartbeat(urls, "5 minutes")
    silent = client.get("/readyz")
    heartbeat(urls, "1 second")
    beating = client.get("/readyz")

    assert missing.status_code == 503
    assert silent.status_code == 503
    assert "last seen 300 s ago" in silent.get_json()["checks"]["worker"]
    assert beating.status_code == 200
    assert beating.get_json()["status"] == "ready"


@pytest.mark.parametrize(("revision", "status"), [("core_9999", 200), (None, 503)])
@pytest.mark.clause("SYS-04")
def test_a_newer_database_is_ready_and_an_older_one_is_not(
    client: FlaskClient, urls: Urls, revision: str | None, status: int
) -> None:
    with psycopg.connect(urls.owner) as owner:
        kept = owner.execute("SELECT version_num FROM alembic_version_core").fetchone()
        assert kept is not None
        owner.execute("DELETE FROM alembic_version_core")
        if revision:
            owner.execute("INSERT INTO alembic_version_core VALUES (%s)", [revision])
    try:
        answer = client.get("/readyz")
    finally:
        with psycopg.connect(urls.owner) as owner:
            owner.execute("DELETE FROM alembic_version_core")
            owner.execute("INSERT INTO alembic_version_core VALUES (%s)", kept)

    assert answer.status_code == status
    assert ("banyan db upgrade" in answer.get_json()["checks"]["migrations"]) == (status == 503)


@pytest.mark.clause("SYS-04")
def test_figures_count_requests_by_endpoint_and_status(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/no-such-page")

    text = client.get("/metrics").get_data(as_text=True)

    assert 'banyan_http_requests_total{endpoint="operations.healthz",method="GET",status="200"}' in text
    assert 'endpoint="none",method="GET",status="404"' in text
    assert 'banyan_http_request_seconds_count{endpoint="operations.healthz"}' in text
    assert 'banyan_queue_jobs{status="todo"} 0.0' in text
    assert "banyan_db_connections_in_use" in text


def test_an_address_that_does_not_exist_makes_no_new_figure(client: FlaskClient) -> None:
    for number in range(3):
        client.get(f"/wild-{number}")

    assert "wild" not in client.get("/metrics").get_data(as_text=True)


def test_every_answer_carries_the_number_of_its_request(client: FlaskClient) -> None:
    proposed = client.get("/healthz", headers={"X-Request-ID": "proxy-0001-abc"})
    forged = client.get("/healthz", headers={"X-Request-ID": "<script>"})
    missing = client.get("/no-such-page")

    assert proposed.headers["X-Request-ID"] == "proxy-0001-abc"
    assert forged.headers["X-Request-ID"] not in ("", "<script>")
    assert missing.headers["X-Request-ID"] != forged.headers["X-Request-ID"]


def test_the_access_log_is_told_request_and_endpoint(app: Banyan) -> None:
    environ = EnvironBuilder("/healthz", headers={"X-Request-ID": "proxy-0002-abc"}).get_environ()

    b"".join(app(environ, lambda _status, _headers, _error=None: lambda _written: None))

    shown = environ[ENVIRON_KEY]
    assert shown["request_id"] == "proxy-0002-abc"
    assert shown["endpoint"] == "operations.healthz"
