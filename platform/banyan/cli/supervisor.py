"""Keeps the processes of `banyan serve` running, and ends them together.

Each child lives in a session of its own (Ctrl-C in the terminal reaches the supervisor alone) and holds the reading end
of a pipe: when the supervisor dies, however it dies, the pipe closes and the child ends by itself (`follow_parent`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from banyan.kernel.logs import clear

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
# Pauses before a restart, in seconds; a child that dies again after the last one ends everything.
BACK_OFF = (1, 2, 4, 8, 16)
# A child that ran this long (seconds) had started well; its next death begins the pauses anew.
SETTLED_SECONDS = 60
STOP_SECONDS = 30


class ChildError(RuntimeError):
    """A child cannot be kept running."""


@dataclass
class Child:
    """A process to keep running.

    :ivar name: for people. :ivar command: program and arguments. :ivar env: its whole environment.
    """

    name: str
    command: list[str]
    env: Mapping[str, str]
    deaths: int = 0
    started: float = 0.0
    due: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(self.command, env=dict(self.env), stdin=subprocess.PIPE, start_new_session=True)
        self.started = time.monotonic()
        log.info("started", process=self.name, pid=self.process.pid)

    def tend(self, *, ready: bool) -> None:
        """Notice its death and start it again when its pause is over.

        :param ready: False during the first start, when a death ends everything at once.
        :raises ChildError: it dies again and again.
        """
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self._close()
        if now - self.started > SETTLED_SECONDS:
            self.deaths = 0
        if not ready or self.deaths >= len(BACK_OFF):
            raise ChildError(f"The {self.name} process ended ({_how(code)}); what it said stands above.")
        pause = BACK_OFF[self.deaths]
        self.deaths += 1
        self.due = now + pause
        log.error("ended unexpectedly", process=self.name, how=_how(code), restart_in_seconds=pause)

    def ask_to_stop(self) -> None:
        """Ask it to end gracefully."""
        if self.process is not None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait until ``deadline`` (monotonic), then kill it with all its processes."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("killed, for it did not end", process=self.name)
        # Also after a good end: what it left behind in its session must not hold the port.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        assert self.process is not None
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


class Supervisor:
    """Runs children until it is told to stop. The first SIGTERM or SIGINT stops gracefully, the second at once."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.stopping = threading.Event()
        self.hurried = threading.Event()

    def on_signal(self, _number: int, _frame: object) -> None:
        """Handler of SIGTERM and SIGINT."""
        (self.hurried if self.stopping.is_set() else self.stopping).set()

    def run(self, is_ready: Callable[[], bool], on_ready: Callable[[], None], seconds: float) -> None:
        """Start the children, call ``on_ready`` once ``is_ready``, and tend them until told to stop.

        :param seconds: how long the first start may take.
        :raises ChildError: a child cannot be kept running; the others are still to be ended with `stop`.
        """
        deadline = time.monotonic() + seconds
        ready = False
        for child in self.children:
            child.start()
        while not self.stopping.wait(POLL_SECONDS):
            for child in self.children:
                child.tend(ready=ready)
            if not ready and is_ready():
                ready = True
                on_ready()
            if not ready and time.monotonic() > deadline:
                raise ChildError(f"No answer within {seconds:.0f} s of the start.")

    def stop(self) -> None:
        """End all children: ask, wait, kill."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.process is not None and child.process.poll() is None for child in self.children):
            if self.hurried.wait(POLL_SECONDS) or time.monotonic() > deadline:
                break
        for child in self.children:
            child.end(time.monotonic())


def follow_parent() -> None:
    """End this process gracefully when the supervisor that started it is gone."""

    stdin = sys.stdin.fileno()

    def watch() -> None:
        # not through sys.stdin, whose lock this thread would hold when the interpreter ends
        while os.read(stdin, 1):
            pass
        clear()
        log.warning("the supervisor is gone, stopping")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
