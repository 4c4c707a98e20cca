"""`banyan serve` before it serves: one per home, a free port, enough connections, and no owner's URL for children."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from banyan.cli import main
from banyan.cli.lock import AlreadyServing, ServeLock
from banyan.cli.serve import check_capacity, child_environment, wait_for_port
from banyan.cli.supervisor import ChildError
from banyan.kernel.db.embedded import EmbeddedPostgres
from banyan.kernel.db.urls import Urls
from banyan.kernel.settings import Settings

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"BANYAN_HOME": str(tmp_path)})


@pytest.fixture(scope="module")
def urls() -> Iterator[Urls]:
    with tempfile.TemporaryDirectory(prefix="bn-") as home, EmbeddedPostgres(Path(home), durable=False) as found:
        yield found


HOLDER = """
import sys
from pathlib import Path
from banyan.cli.lock import ServeLock
lock = ServeLock(Path(sys.argv[1]))
lock.take(sys.argv[2])
print("taken", flush=True)
sys.stdin.readline()
lock.stopping()
print("stopping", flush=True)
sys.stdin.readline()
lock.release()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock; each line it is sent takes it one step on."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), ADDRESS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert told(process) == "taken"
        yield process
        process.kill()


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_second_start_prints_the_address_and_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_HOME", str(tmp_path))
    with ServeLock(tmp_path) as lock:
        lock.take(ADDRESS)

        result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 0
    assert ADDRESS in result.output


def test_a_start_during_a_stop_waits_for_its_end(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(AlreadyServing):
        ServeLock(tmp_path).take(ADDRESS)
    go_on(holder)
    assert told(holder) == "stopping"
    threading.Timer(0.5, go_on, [holder]).start()

    with ServeLock(tmp_path) as lock:
        lock.take(ADDRESS)
        assert not lock.unclean


def test_a_killed_holder_frees_the_lock_and_is_noticed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()

    with ServeLock(tmp_path) as lock:
        lock.take(ADDRESS)
        assert lock.unclean


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(ChildError, match=f"127.0.0.1:{port}.*BANYAN_PORT"):
            wait_for_port("127.0.0.1", port, 0)

    wait_for_port("127.0.0.1", port, 5)


def test_pools_that_the_server_cannot_hold_are_refused(settings: Settings, urls: Urls) -> None:
    check_capacity(settings, urls.app)
    with pytest.raises(ChildError, match="204 connections; the database gives 97"):
        check_capacity(replace(settings, pool_size=50, web_processes=3), urls.app)


def test_children_do_not_get_the_owners_connection(
    settings: Settings, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", urls.owner)

    env = child_environment(settings, urls)

    assert env["DATABASE_APP_URL"] == urls.app
    assert urls.owner not in env.values()


@pytest.mark.parametrize("command", ["web", "worker"])
def test_web_and_worker_refuse_the_owner_and_a_missing_url(
    command: str, tmp_path: Path, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANYAN_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_APP_URL", raising=False)
    missing = CliRunner().invoke(main, [command])
    monkeypatch.setenv("DATABASE_APP_URL", urls.owner)
    owner = CliRunner().invoke(main, [command])

    assert (missing.exit_code, owner.exit_code) == (1, 1)
    assert "DATABASE_APP_URL is not set" in missing.output
    assert "must not serve" in owner.output
    assert "banyan_app" in owner.output


def test_a_wrong_environment_is_told_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_HOME", str(tmp_path))
    monkeypatch.setenv("BANYAN_PORT", "http")
    monkeypatch.setenv("BANYAN_WEB_THREADS", "many")

    result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert "BANYAN_PORT" in result.output
    assert "BANYAN_WEB_THREADS" in result.output
    assert "Traceback" not in result.output


def test_demo_sign_ins_are_printed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_HOME", str(tmp_path))
    nothing = CliRunner().invoke(main, ["demo", "accounts"])
    (tmp_path / "demo-accounts.txt").write_text("jilin  correct-horse\n", encoding="utf-8")
    found = CliRunner().invoke(main, ["demo", "accounts"])

    assert nothing.exit_code == 1
    assert "banyan serve" in nothing.output
    assert found.output == "jilin  correct-horse\n"


def test_modules_bring_commands_of_their_own() -> None:
    result = CliRunner().invoke(main, ["accounts", "--help"])

    assert result.exit_code == 0
