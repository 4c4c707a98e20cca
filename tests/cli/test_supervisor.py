"""The supervisor restarts what dies, gives up clearly, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from banyan.cli import supervisor
from banyan.cli.supervisor import Child, ChildError, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", file=open(sys.argv[1], "w"), flush=True)
time.sleep(600)
"""
PARENT = """
import os, sys, time
from banyan.cli.supervisor import Child
from banyan.kernel import logs
logs.configure()
child = Child("child", [sys.executable, "-c", sys.argv[1]], dict(os.environ))
child.start()
print(child.process.pid, flush=True)
time.sleep(600)
"""
FOLLOWER = "import time; from banyan.cli.supervisor import follow_parent; follow_parent(); time.sleep(600)"


def child(command: list[str], name: str = "thing") -> Child:
    return Child(name, command, dict(os.environ))


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def in_background(watched: Supervisor, is_ready: Callable[[], bool] = lambda: True) -> threading.Thread:
    thread = threading.Thread(target=watched.run, args=(is_ready, lambda: None, 30))
    thread.start()
    return thread


def test_a_child_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.1, 0.1))
    sleeper = child(SLEEPER)
    watched = Supervisor([sleeper])
    thread = in_background(watched)
    assert eventually(lambda: sleeper.process is not None)
    time.sleep(1)
    first = sleeper.process
    assert first is not None
    first.kill()

    assert eventually(lambda: sleeper.process is not None and sleeper.process.pid != first.pid)
    assert sleeper.deaths == 1

    watched.stopping.set()
    thread.join()
    watched.stop()
    assert sleeper.process is None


def test_a_child_that_dies_again_and_again_ends_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.01, 0.01))
    monkeypatch.setattr(supervisor, "POLL_SECONDS", 0.01)
    watched = Supervisor([child([sys.executable, "-c", "import sys, time; time.sleep(0.2); sys.exit(3)"])])

    with pytest.raises(ChildError, match=r"thing process ended .exit code 3."):
        watched.run(lambda: True, lambda: None, 30)


def test_a_death_during_the_first_start_is_told_at_once() -> None:
    watched = Supervisor([child([sys.executable, "-c", "raise SystemExit(1)"])])

    with pytest.raises(ChildError, match="exit code 1"):
        watched.run(lambda: False, lambda: None, 30)


def test_a_start_without_an_answer_does_not_wait_for_ever() -> None:
    watched = Supervisor([child(SLEEPER)])

    with pytest.raises(ChildError, match="No answer"):
        watched.run(lambda: False, lambda: None, 0.5)

    watched.stop()


def test_a_child_that_does_not_listen_is_killed_at_the_second_signal(tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    stubborn = child([sys.executable, "-c", STUBBORN, str(mark)])
    stubborn.start()
    assert eventually(mark.exists)
    watched = Supervisor([stubborn])
    watched.on_signal(signal.SIGTERM, None)
    assert watched.stopping.is_set()
    watched.on_signal(signal.SIGTERM, None)

    began = time.monotonic()
    watched.stop()

    assert time.monotonic() - began < 5
    assert stubborn.process is None


def test_a_child_ends_when_its_supervisor_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, FOLLOWER], stdout=subprocess.PIPE, text=True)
    with parent, closing_by(parent.kill):
        assert parent.stdout is not None
        follower = psutil.Process(int(parent.stdout.readline()))
        time.sleep(1)
        assert follower.is_running()
        parent.kill()
        parent.wait()
        assert eventually(lambda: not follower.is_running() or follower.status() == psutil.STATUS_ZOMBIE)


@contextmanager
def closing_by(end: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    finally:
        end()
