"""One `banyan serve` per home: a lock that also tells the address of the one that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

import orjson

from banyan.kernel.settings import make_home

POLL_SECONDS = 0.1
# Longer than a graceful stop takes.
WAIT_SECONDS = 60


class AlreadyServing(Exception):
    """Another process serves this home at ``address``."""

    def __init__(self, address: str, pid: int) -> None:
        super().__init__(address)
        self.address = address
        self.pid = pid


class ServeLock:
    """Held for as long as this home is served; the system frees it whatever happens to the process.

    :ivar unclean: the last holder was killed and may have left processes that are just ending.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "serve.lock"
        self.unclean = False
        self._descriptor: int | None = None

    def take(self, address: str) -> None:
        """Take the lock, waiting for a holder that is stopping.

        :param address: what a second start prints. :raises AlreadyServing: somebody serves.
        """
        make_home(self.path.parent)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self.unclean = bool(self.path.read_bytes())
        self._write(address)

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                content = self.path.read_bytes()
            holder = orjson.loads(content) if content else {}
            address = str(holder.get("address", ""))
            if address or time.monotonic() > deadline:
                raise AlreadyServing(address or "an address it has not told yet", int(holder.get("pid", 0)))
            time.sleep(POLL_SECONDS)

    def stopping(self) -> None:
        """A start from now on waits for the end instead of pointing here."""
        self._write("")

    def _write(self, address: str) -> None:
        assert self._descriptor is not None
        content = orjson.dumps({"address": address, "pid": os.getpid()})
        # Written at once and padded, so that a reader never sees half of it.
        os.pwrite(self._descriptor, content.ljust(512), 0)

    def release(self) -> None:
        """Free the lock; the next start finds nothing to clean up."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> ServeLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
