"""The embedded PostgreSQL survives whatever happens to the process that owns it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from banyan.kernel.db import osuser
from banyan.kernel.db.embedded import EmbeddedPostgres, PostgresError, clone_database, with_database
from banyan.kernel.db.roles import APP_TIMEOUTS, RoleError, check_app_role, ensure_app_role
from banyan.kernel.db.server import database_server
from banyan.kernel.settings import Settings

OWNER_PROGRAM = """
import sys, time
from pathlib import Path
from banyan.kernel.db.embedded import EmbeddedPostgres
urls = EmbeddedPostgres(Path(sys.argv[1])).start()
print(urls.owner, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A short path, initialised once; every test leaves it stopped."""
    with tempfile.TemporaryDirectory(prefix="bn-") as folder:
        yield Path(folder)
        EmbeddedPostgres(Path(folder)).stop()


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In the place of pytest's: another run beside this one would close the folder above it to the server's user."""
    with tempfile.TemporaryDirectory(prefix="bn-") as folder:
        yield Path(folder)


@pytest.fixture
def owner_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", OWNER_PROGRAM, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
        process.kill()


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "pg" / "data" / "postmaster.pid").read_text().split("\n", 1)[0]))


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_application_role_is_bound_by_row_security_and_timeouts(home: Path) -> None:
    with EmbeddedPostgres(home) as urls:
        check_app_role(urls.app)
        with pytest.raises(RoleError, match="owns the database"):
            check_app_role(urls.owner)
        with pytest.raises(RoleError, match="superuser"):
            check_app_role(urls.owner.replace("banyan_owner", "postgres"))
        with psycopg.connect(urls.app) as connection:
            limits = {
                name: connection.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [name]).fetchone()
                for name in APP_TIMEOUTS
            }
            assert limits == {name: (limit,) for name, limit in APP_TIMEOUTS.items()}
            (encoding,) = connection.execute(
                "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'banyan'"
            ).fetchone() or ("",)
            assert encoding == "UTF8"
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE mine (id int)")


def test_only_its_user_can_reach_the_socket(home: Path) -> None:
    with EmbeddedPostgres(home):
        folder = (home / "pg").stat()
        socket = (home / "pg" / ".s.PGSQL.5432").stat()
        assert stat.S_IMODE(folder.st_mode) == 0o700
        assert stat.S_IMODE(socket.st_mode) == 0o700
        if os.geteuid() == 0:
            assert folder.st_uid not in (0, os.geteuid())


def test_data_outlives_a_stop(home: Path) -> None:
    with EmbeddedPostgres(home) as urls, psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")

    with EmbeddedPostgres(home) as urls, psycopg.connect(urls.owner) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
        connection.execute("DROP TABLE kept")


def test_a_second_start_finds_the_first_and_leaves_it_running(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    urls = first.start()
    try:
        assert second.start() == urls
        assert not second.owned
        second.stop()
        psycopg.connect(urls.app).close()
    finally:
        first.stop()


def test_a_second_process_finds_it_too(home: Path, owner_process: subprocess.Popen[str]) -> None:
    guest = EmbeddedPostgres(home)
    urls = guest.start()
    guest.stop()
    psycopg.connect(urls.app).close()
    assert owner_process.poll() is None


def test_a_killed_owner_takes_the_server_with_it(home: Path, owner_process: subprocess.Popen[str]) -> None:
    server = postmaster(home)
    owner_process.kill()
    assert eventually(lambda: gone(server))


def test_a_server_that_outlived_its_owner_is_stopped_and_started_again(
    home: Path, owner_process: subprocess.Popen[str]
) -> None:
    orphan = postmaster(home)
    for child in psutil.Process(owner_process.pid).children():
        if "banyan-pg-watchdog" in child.cmdline():
            child.kill()
    owner_process.kill()
    owner_process.wait()
    assert not gone(orphan)

    with EmbeddedPostgres(home) as urls:
        assert gone(orphan)
        psycopg.connect(urls.app).close()


def test_it_recovers_when_everything_was_killed(home: Path, owner_process: subprocess.Popen[str]) -> None:
    with psycopg.connect(EmbeddedPostgres(home).start().owner) as connection:
        connection.execute("CREATE TABLE survivor (n int)")
    server = postmaster(home)
    everything = [server, *server.children(recursive=True), *psutil.Process(owner_process.pid).children()]
    os.kill(owner_process.pid, signal.SIGKILL)
    for process in everything:
        if process.is_running():
            process.kill()

    with EmbeddedPostgres(home) as urls, psycopg.connect(urls.owner) as connection:
        connection.execute("DROP TABLE survivor")


def test_a_number_left_by_a_dead_server_and_taken_by_another_process_does_no_harm(home: Path) -> None:
    with EmbeddedPostgres(home):
        mark = home / "pg" / "data" / "postmaster.pid"
        content = mark.read_text().split("\n")
    # this very process now has the number
    mark.write_text("\n".join([str(os.getpid()), *content[1:]]))

    with EmbeddedPostgres(home) as urls:
        psycopg.connect(urls.app).close()


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    draft = tmp_path / "pg" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")

    with EmbeddedPostgres(tmp_path) as urls:
        psycopg.connect(urls.app).close()
    assert not draft.exists()


def test_a_path_too_long_for_a_socket_gets_a_private_folder(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 60) / ("y" * 60)

    with EmbeddedPostgres(long, durable=False) as urls:
        psycopg.connect(urls.app).close()
        assert str(long) not in urls.app.replace("%2F", "/")


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long = tmp_path / ("x" * 60) / ("y" * 60)
    postgres = EmbeddedPostgres(long, durable=False)
    with postgres:
        pass
    (found,) = tmp_path.glob("banyan-*")
    found.chmod(0o777)

    with pytest.raises(PostgresError, match="too long for a socket"):
        postgres.start()


def test_data_of_a_version_that_is_not_installed_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresError, match="made by PostgreSQL 12"):
        EmbeddedPostgres(tmp_path).start()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root needs another user")
def test_root_lets_the_servers_user_pass_without_opening_folders_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    user = osuser.server_user()
    assert user is not None

    osuser.let_reach(closed / "..", user)
    with EmbeddedPostgres(closed / "home", durable=False) as urls:
        psycopg.connect(urls.app).close()

    assert closed.stat().st_mode & stat.S_IRWXO == 0
    nobody = subprocess.run(["/bin/sh", "-c", f"test -x {closed}"], user=65534, group=65534, extra_groups=[])
    assert nobody.returncode != 0


def test_a_clone_has_the_template_s_tables_and_replaces_an_earlier_one(home: Path) -> None:
    with EmbeddedPostgres(home) as urls:
        template = clone_database(urls.owner, "banyan", "template_for_test")
        with psycopg.connect(template) as connection:
            connection.execute("CREATE TABLE thing (n int)")
        for _ in range(2):
            clone = clone_database(urls.owner, "template_for_test", "clone_for_test")
            with psycopg.connect(clone) as connection:
                connection.execute("INSERT INTO thing VALUES (1)")
                assert connection.execute("SELECT count(*) FROM thing").fetchone() == (1,)


def test_a_server_of_ones_own_gets_the_role_or_a_clear_answer(home: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(home) as urls:
        env = {"BANYAN_HOME": str(tmp_path), "DATABASE_URL": urls.owner, "DATABASE_APP_URL": urls.app}
        with database_server(Settings.from_env(env)) as own:
            assert own.app == urls.app
        superuser = urls.owner.replace("banyan_owner", "postgres")
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("ALTER ROLE banyan_app RESET lock_timeout")
        with psycopg.connect(urls.owner) as owner, pytest.raises(RoleError, match=r"ALTER ROLE .banyan_app. SET"):
            ensure_app_role(owner)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("ALTER ROLE banyan_app BYPASSRLS")
        with pytest.raises(RoleError, match="BYPASSRLS"):
            check_app_role(urls.app)
        with psycopg.connect(superuser) as owner, pytest.raises(RoleError, match="NOBYPASSRLS"):
            ensure_app_role(owner)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("ALTER ROLE banyan_app NOBYPASSRLS")
    assert with_database(urls.owner, "other").startswith("postgresql://banyan_owner@/other?")
