"""`banyan serve` as a newcomer meets it: it starts, survives what is killed, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow
PATIENCE = 120


class Served:
    """A home that is served in another process."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        unset = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        self.env = unset | {"BANYAN_HOME": str(home), "BANYAN_PORT": str(self.port), "BANYAN_DEMO": "0"}
        self.log = home / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "banyan", "serve"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=subprocess.STDOUT)
        assert eventually(self.ready), self.log.read_text()

    def second(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "banyan", "serve"]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def children(self) -> list[psutil.Process]:
        """Web, worker, database: everything that lives because of this home."""
        assert self.process is not None
        mark = int((self.home / "pg" / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        return [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(mark)]

    def child(self, name: str) -> psutil.Process:
        return next(found for found in self.children() if found.cmdline()[-2:] == ["banyan", name])

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def gone(processes: list[psutil.Process]) -> bool:
    return all(not found.is_running() or found.status() == psutil.STATUS_ZOMBIE for found in processes)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="bn-") as folder:
        found = Served(Path(folder))
        found.start()
        yield found
        if found.process is not None and found.process.poll() is None:
            found.end(signal.SIGTERM)
        with suppress(FileNotFoundError):
            print(found.log.read_text())


@pytest.mark.clause("SYS-04")
def test_it_is_ready_with_a_worker_and_counts_its_requests(served: Served) -> None:
    status, body = served.get("/readyz")

    assert status == 200
    well = dict.fromkeys(("database", "migrations", "plugin_migrations", "worker"), "ok")
    assert json.loads(body)["checks"] == well
    assert 'banyan_http_requests_total{endpoint="operations.readyz"' in served.get("/metrics")[1]
    assert f"http://127.0.0.1:{served.port}" in served.log.read_text()


def test_a_second_start_prints_the_address_and_ends_well(served: Served) -> None:
    second = served.second()

    assert second.returncode == 0
    assert f"http://127.0.0.1:{served.port}" in second.stdout


def test_neither_web_nor_worker_knows_the_owner(served: Served) -> None:
    for name in ("web", "worker"):
        env = served.child(name).environ()
        assert "DATABASE_URL" not in env
        assert "banyan_app@" in env["DATABASE_APP_URL"]


def test_a_killed_worker_comes_back(served: Served) -> None:
    first = served.child("worker")
    first.kill()

    assert eventually(lambda: any(found.cmdline()[-1:] == ["worker"] and found != first for found in alive(served)))
    assert eventually(served.ready)


def alive(served: Served) -> list[psutil.Process]:
    return [found for found in served.children() if not gone([found])]


def test_after_a_kill_of_the_supervisor_everything_ends_and_a_new_start_works(served: Served) -> None:
    children = served.children()

    served.end(signal.SIGKILL)
    served.start()

    assert gone(children)


@pytest.mark.clause("SYS-04")
def test_a_stop_leaves_nothing_behind_and_the_next_start_is_quick(served: Served) -> None:
    children = served.children()

    assert served.end(signal.SIGTERM) == 0
    assert gone(children)
    assert "Stopped." in served.log.read_text()

    began = time.monotonic()
    served.start()
    assert time.monotonic() - began < 60
    assert served.end(signal.SIGINT) == 0
