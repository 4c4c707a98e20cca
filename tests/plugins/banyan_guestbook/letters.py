"""Mail through a provider of its own: it lands in a box here, where a test looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal

from banyan.sdk import Letter, Send, SendingFailed


@dataclass(frozen=True)
class Letterbox:
    """Takes everything but letters to nobody."""

    BOX: ClassVar[list[Letter]] = []
    name: str = "letterbox"
    channel: Literal["email"] = "email"
    repeatable: bool = True

    @contextmanager
    def open(self) -> Iterator[Send]:
        yield self._take

    def _take(self, letter: Letter) -> str:
        if letter.recipient.startswith("nobody@"):
            raise SendingFailed("nobody lives here", final=True)
        self.BOX.append(letter)
        return f"box-{len(self.BOX)}"
