"""The sender of an installation without a provider: what would have gone out is read on the operator's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from banyan.kernel.sending import PAGE, Channel, Letter, Send


@dataclass(frozen=True, slots=True)
class PageSender:
    """Keeps messages where the operator reads them: the log itself is the page."""

    channel: Channel
    name: str = PAGE
    repeatable: bool = True

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Nothing to connect to."""

        def send(_letter: Letter) -> str:
            return PAGE

        yield send
