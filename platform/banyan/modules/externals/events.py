"""What this module tells others, and what the audit log calls its acts and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.externals.rules import KINDS, STATES

ACTIONS: Mapping[str, Text] = {
    "externals.body.create": lazy("Entered an external body"),
    "externals.body.update": lazy("Edited an external body"),
    "externals.body.end": lazy("Ended an external body"),
    "externals.filing.create": lazy("Recorded a filing"),
    "externals.filing.reply": lazy("Recorded a reply"),
    "externals.document.download": lazy("Fetched a document of a filing"),
}
FIELDS: Mapping[str, Text] = {
    "body_kind": lazy("Kind of body"),
    **{f"body_kind={key}": label for key, label in KINDS.items()},
    "contact": lazy("Contact"),
    "address": lazy("Postal address"),
    "since": lazy("Since"),
    "until": lazy("Until"),
    "body": lazy("External body"),
    "subject": lazy("Matter"),
    "sent_on": lazy("Sent on"),
    "reference": lazy("Reference number"),
    "due_on": lazy("Reply due on"),
    "outcome": lazy("Outcome"),
    **{f"outcome={key}": label for key, label in STATES.items()},
    "received_on": lazy("Received on"),
    "note": lazy("Note"),
    "corrects": lazy("Corrects"),
}


@dataclass(frozen=True, slots=True)
class FilingRecorded(Event):
    """Something was filed with an external body; ``kind`` is the body's."""

    NAME: ClassVar[str] = "externals.filing.recorded"
    filing_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class FilingReplied(Event):
    """An external body replied; ``outcome`` is ``acknowledged``, ``returned`` or ``refused``."""

    NAME: ClassVar[str] = "externals.filing.replied"
    filing_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class BodyChanged(Event):
    """An external body was entered, edited or ended."""

    NAME: ClassVar[str] = "externals.body.changed"
    body_id: str
    kind: str
