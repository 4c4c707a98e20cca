"""One limit of requests over all processes of a web server, under gunicorn as `banyan web` runs it (API-01)."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from banyan.api.rates import EXCHANGE_SECONDS, WINDOW, RequestCount
from banyan.kernel.clock import SystemClock
from banyan.kernel.db.urls import Urls
from tests.factories import World

pytestmark = [pytest.mark.clause("API-01"), pytest.mark.slow]
LIMIT, PATIENCE = 20, 60


@dataclass(frozen=True)
class Served:
    """Two processes behind one port."""

    port: int
    first: psutil.Process
    second: psutil.Process

    def ask(self, headers: dict[str, str], times: int = 1) -> list[int]:
        """Statuses of requests, each on a connection of its own, so that any process that runs may take it."""
        found = []
        for _time in range(times):
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
                connection.request("GET", "/api/v1/me", headers=headers)
                found.append(connection.getresponse().status)
        return found


@pytest.fixture
def served(urls: Urls, clean: None, tmp_path: Path) -> Iterator[Served]:
    """`banyan web` with two processes on the database of the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "BANYAN_HOME": str(tmp_path),
        "BANYAN_PORT": str(free),
        "BANYAN_WEB_PROCESSES": "2",
        "BANYAN_API_REQUESTS": str(LIMIT),
        "DATABASE_APP_URL": urls.app,
    }
    log = tmp_path / "web.log"
    with log.open("wb") as sink:
        master = subprocess.Popen([sys.executable, "-m", "banyan", "web"], env=env, stdout=sink, stderr=sink)
    try:
        first, second = _processes(master, log)
        yield Served(free, first, second)
    finally:
        for process in psutil.Process(master.pid).children():
            process.resume()
        master.terminate()
        master.wait(PATIENCE)


def _processes(master: subprocess.Popen[bytes], log: Path) -> list[psutil.Process]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and master.poll() is None:
        found = psutil.Process(master.pid).children()
        if len(found) == 2 and "Listening" in log.read_text():
            return found
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])


def test_a_limit_holds_for_all_processes_together(served: Served, world: World) -> None:
    """One process spends the limit; the other lets one request through before it learns of it, and no more."""
    world.clock = SystemClock()  # type: ignore[assignment]  # as the processes have
    headers = world.token(world.admin(world.org(code="place")))
    served.ask({})
    if (left := WINDOW - time.time() % WINDOW) < 10:
        time.sleep(left)

    served.second.suspend()
    spent = served.ask(headers, LIMIT - 1)
    time.sleep(EXCHANGE_SECONDS)
    spent += served.ask(headers)
    served.second.resume()
    served.first.suspend()
    elsewhere = served.ask(headers, 3)
    served.first.resume()

    assert spent == [200] * LIMIT
    assert elsewhere == [200, 429, 429]
    assert set(served.ask(headers, 6)) == {429}, "whoever takes it"
    world.session.rollback()
    counts = world.session.scalars(select(RequestCount.requests).where(RequestCount.key.not_like("address%"))).all()
    assert counts == [LIMIT + 1]
