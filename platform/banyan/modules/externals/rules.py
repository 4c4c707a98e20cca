"""Kinds, states and spans of external bodies and filings: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from banyan.kernel import workdays
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "sponsor": lazy("Sponsor"),
    "registration": lazy("Registration authority"),
    "party": lazy("Party-building authority"),
}
OUTCOMES: Mapping[str, Text] = {
    "acknowledged": lazy("Acknowledged"),
    "returned": lazy("Returned for correction"),
    "refused": lazy("Not accepted"),
}
State = Literal["waiting", "overdue", "acknowledged", "returned", "refused"]
STATES: Mapping[str, Text] = {"waiting": lazy("Waiting for a reply"), "overdue": lazy("Overdue"), **OUTCOMES}
STATE_TONES: Mapping[str, str] = {"acknowledged": "ok", "overdue": "seal", "returned": "warn", "refused": "seal"}
LONGEST_WAIT = 250


def state(outcome: str, due_on: date | None, today: date) -> str:
    """How a filing stands: a reply is overdue from the day after its last day on."""
    if outcome == "waiting" and due_on is not None and due_on < today:
        return "overdue"
    return outcome


def due(sent_on: date, days: int | None) -> workdays.Due | None:
    """The last day for a reply, ``days`` working days after the filing; None where none is due."""
    return workdays.after(sent_on, days) if days else None


def late(due_on: date | None, received_on: date) -> int:
    """How many working days a reply came after its last day."""
    return workdays.between(due_on, received_on) if due_on is not None else 0


def overlaps(since: date, until: date | None, others: Iterable[tuple[date, date | None]]) -> bool:
    """Whether a span of days, ends included, meets one of ``others``; None lasts."""
    return any((until is None or start <= until) and (end is None or since <= end) for start, end in others)
