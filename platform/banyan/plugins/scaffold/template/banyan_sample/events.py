"""What the module tells others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from banyan.sdk import Event


@dataclass(frozen=True, slots=True)
class NoteWritten(Event):
    """Somebody wrote a note."""

    NAME: ClassVar[str] = "sample.note.written"

    note_id: str
