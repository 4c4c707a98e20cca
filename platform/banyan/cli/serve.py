"""`banyan serve`: everything on one machine — database, migrations, demonstration, web and one worker."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import click
import psycopg
import structlog

from banyan.cli.db import bring_up_to_date
from banyan.cli.demo import accounts_file, first_run
from banyan.cli.lock import AlreadyServing, ServeLock
from banyan.cli.supervisor import Child, ChildError, Supervisor
from banyan.kernel import keyring, logs
from banyan.kernel.db.roles import CONNECT_TIMEOUT, check_app_role
from banyan.kernel.db.server import database_server
from banyan.kernel.db.urls import Urls
from banyan.kernel.settings import Settings
from banyan.plugins import manager

START_SECONDS = 120
# Processes of a killed supervisor end within this time and free the port.
PORT_SECONDS = 35
ANSWER_SECONDS = 5
# Connections of a worker beside its pool: listener, queue, scheduler.
WORKER_EXTRA = 4
log = structlog.get_logger(__name__)


@click.command()
def serve() -> None:
    """Serve on this machine: the database (unless DATABASE_URL names one), console, API and one worker."""
    settings = Settings.from_env()
    logs.configure(settings.log_format, settings.log_level)
    # Until there are processes to end: leave through every block that has something to close.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with ServeLock(settings.home) as lock:
        try:
            lock.take(settings.public_url)
        except AlreadyServing as already:
            click.echo(f"Banyan is running already, at {already.address} (process {already.pid}).")
            return
        wait_for_port(settings.host, settings.port, PORT_SECONDS if lock.unclean else 0)
        with database_server(settings) as urls:
            _prepare(settings, urls)
            _supervise(settings, urls, lock)
    with suppress(OSError):
        click.echo("Stopped.")


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _prepare(settings: Settings, urls: Urls) -> None:
    from banyan.app import CORE

    check_app_role(urls.app)
    check_capacity(settings, urls.app)
    for name, reason in bring_up_to_date(urls.owner, manager.load(CORE)).items():
        click.echo(f"The plugin {name} stays off, its tables could not be brought up to date: {reason}", err=True)
    keyring.check(urls.app, settings.secret_key)
    first_run(settings, urls)


def _supervise(settings: Settings, urls: Urls, lock: ServeLock) -> None:
    env = child_environment(settings, urls)
    program = [sys.executable, "-m", "banyan"]
    supervisor = Supervisor([Child("web", [*program, "web"], env), Child("worker", [*program, "worker"], env)])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, supervisor.on_signal)
    try:
        supervisor.run(lambda: _answers(settings), lambda: announce(settings), START_SECONDS)
    finally:
        lock.stopping()
        with suppress(OSError):  # the terminal may be gone
            click.echo("Stopping ...")
        supervisor.stop()


def child_environment(settings: Settings, urls: Urls) -> dict[str, str]:
    """What web and worker get: the application's connection, and not the owner's."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return env | {
        "BANYAN_HOME": str(settings.home),
        "BANYAN_SUPERVISED": "1",
        "DATABASE_APP_URL": urls.app,
        "PYTHONUNBUFFERED": "1",
    }


def announce(settings: Settings) -> None:
    """Print the address, and the demonstration's sign-ins when there are any."""
    click.echo(f"\nBanyan is ready: {settings.public_url}\n")
    file = accounts_file(settings)
    if file.exists():
        click.echo(file.read_text(encoding="utf-8").rstrip())
        click.echo(f"(`{_command()} demo accounts` prints these again.)\n")
    click.echo("Ctrl-C stops it.")


def _command() -> str:
    """How the command ``banyan`` is typed here: `make run` does not put it on the path."""
    beside = Path(sys.executable).parent / "banyan"
    if shutil.which("banyan") or not beside.exists():
        return "banyan"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_for_port(host: str, port: int, seconds: float) -> None:
    """Make sure that we can listen at ``host``:``port``, waiting ``seconds`` for processes that are just ending.

    :raises ChildError: we cannot, and what to do.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            _try_to_listen(host, port)
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ChildError(
                    f"Banyan cannot listen at {host}:{port}: {error.strerror}. End the program that uses it, "
                    f"or set BANYAN_PORT to another port."
                ) from error
        time.sleep(0.2)


def _try_to_listen(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def check_capacity(settings: Settings, url: str) -> None:
    """Refuse to start with pools that together need more connections than the server has.

    :raises ChildError: with the numbers.
    """
    with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT) as connection:
        row = connection.execute(
            "SELECT sum(setting::int * CASE name WHEN 'max_connections' THEN 1 ELSE -1 END) FROM pg_settings"
            " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
        ).fetchone()
    have = int(row[0]) if row and row[0] is not None else 0
    wanted = settings.pool_size * (settings.web_processes + 1) + WORKER_EXTRA
    if wanted > have:
        raise ChildError(
            f"{settings.web_processes} web process(es) and one worker with {settings.pool_size} connections each need "
            f"{wanted} connections; the database gives {have}. Lower BANYAN_POOL_SIZE or BANYAN_WEB_PROCESSES, "
            "or raise max_connections."
        )
