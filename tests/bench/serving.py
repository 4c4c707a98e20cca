"""Both sides of a ratio under the same gunicorn, and the CPU time that each request costs.

CPU time is counted, not wall time, of the one worker process and of its database connections: other work on the
machine then disturbs little. Ours and the baseline take turns (A B A B), so that what it disturbs, it disturbs alike.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from banyan.kernel.db.urls import Urls

START_SECONDS = 60
# A bench asks more often than anybody may.
# All processes of a run open what one of them sealed.
SECRET = "bench-" + secrets.token_urlsafe(48)
UNLIMITED = {
    **{f"BANYAN_API_{limit}": "10000000" for limit in ("REQUESTS", "WRITES", "STRANGERS")},
    "BANYAN_SECRET_KEY": SECRET,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds of one request, in the web process and in the database."""

    web: float
    database: float

    @property
    def whole(self) -> float:
        return self.web + self.database


@dataclass(slots=True)
class Server:
    """One gunicorn with one worker process."""

    name: str
    port: int
    worker: psutil.Process
    watching: psycopg.Connection[tuple[int]]

    def spent(self) -> Cost:
        """CPU microseconds spent since the start by the worker and by the connections it holds now."""
        return Cost(_seconds(self.worker) * 1e6, sum(map(_seconds, self._backends())) * 1e6)

    def _backends(self) -> Iterator[psutil.Process]:
        rows = self.watching.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [self.name])
        return (psutil.Process(pid) for (pid,) in rows.fetchall())

    def ask(self, path: str, headers: Mapping[str, str], times: int) -> bytes:
        """Fetch ``path`` on one connection; returns the last answer. :raises RuntimeError: it is not 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        body = b""
        for _ in range(times):
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{self.name} answered {answer.status} to {path}: {body[:500]!r}")
        connection.close()
        return body


def _seconds(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a server."""

    server: Server
    path: str
    headers: Mapping[str, str]


def compare(sides: Sequence[Asked], *, rounds: int, requests: int) -> list[Cost]:
    """What one request costs on each of ``sides``, asked in turns.

    :param rounds: turns of each. :param requests: in each turn.
    """
    for side in sides:
        side.server.ask(side.path, side.headers, max(50, requests // 4))
    sums = [[0.0, 0.0] for _ in sides]
    for _ in range(rounds):
        for side, total in zip(sides, sums, strict=True):
            before = side.server.spent()
            side.server.ask(side.path, side.headers, requests)
            after = side.server.spent()
            total[0] += after.web - before.web
            total[1] += after.database - before.database
    number = rounds * requests
    return [Cost(web / number, database / number) for web, database in sums]


@contextmanager
def serve(
    kind: str, urls: Urls, home: Path, *, called: str = "", more: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run ``ours`` or the ``baseline`` in a gunicorn of its own, with the settings of `banyan web`.

    :param called: what to call it; as what it is, unless given. :param more: environment variables.
    """
    port, name = _free_port(), f"bench_{called or kind}"
    env = {
        **os.environ,
        "BANYAN_HOME": str(home / (called or kind)),
        "BANYAN_PORT": str(port),
        "BANYAN_LOG_FORMAT": "json",
        **UNLIMITED,
        "DATABASE_URL": f"{urls.owner}&application_name={name}",
        "DATABASE_APP_URL": f"{urls.app}&application_name={name}",
        **(more or {}),
    }
    with (home / f"{called or kind}.log").open("wb") as log:
        master = subprocess.Popen([sys.executable, "-m", "tests.bench.under_gunicorn", kind], env=env, stderr=log)
    watching = psycopg.connect(urls.owner, autocommit=True)
    try:
        yield Server(name, port, _worker(master, port, home / f"{called or kind}.log"), watching)
    finally:
        watching.close()
        master.terminate()
        master.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _worker(master: subprocess.Popen[bytes], port: int, log: Path) -> psutil.Process:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and master.poll() is None:
        children = psutil.Process(master.pid).children()
        with socket.socket() as probe:
            if children and probe.connect_ex(("127.0.0.1", port)) == 0:
                return children[0]
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn did not start:\n{log.read_text(errors='replace')[-3000:]}")
