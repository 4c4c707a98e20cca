"""What a transfer may be and become: pure functions over data, no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from banyan.kernel.errors import Text
from banyan.kernel.flows import Heard
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "study": lazy("Study"),
    "work": lazy("Employment"),
    "service": lazy("Military service"),
    "moved": lazy("Change of residence"),
    "other": lazy("Other"),
}
STATES: Mapping[str, Text] = {
    "sending": lazy("With the sending branch"),
    "receiving": lazy("With the receiving branch"),
    "returned": lazy("Returned for correction"),
    "accepted": lazy("Accepted, about to move"),
    "offered": lazy("With the other tree"),
    "done": lazy("Moved"),
    "rejected": lazy("Rejected"),
    "withdrawn": lazy("Transfer withdrawn"),
    "failed": lazy("Could not be carried out"),
}
TONES: Mapping[str, str] = {
    "sending": "warn",
    "receiving": "warn",
    "offered": "warn",
    "returned": "seal",
    "failed": "seal",
    "done": "ok",
    "accepted": "ok",
}
OPEN = ("sending", "receiving", "returned", "accepted", "offered")
DECIDABLE = ("sending", "receiving", "returned")
ORIGINS: Mapping[str, Text] = {
    "own": lazy("By the member"),
    "branch": lazy("By the sending branch"),
    "outside": lazy("From another tree"),
}
DIRECTIONS: Mapping[str, Text] = {
    "within": lazy("Within the tree"),
    "outward": lazy("To another tree"),
    "inward": lazy("From another tree"),
}
LONGEST_WAIT = timedelta(days=366)


def begins(direction: str, origin: str) -> str:
    """The state in which a transfer begins, and begins again once it was corrected.

    What a branch asks for itself, or another tree has let go, waits for the receiver alone.
    """
    if direction == "outward":
        return "offered" if origin == "branch" else "sending"
    return "sending" if origin == "own" else "receiving"


def becomes(heard: Heard, direction: str, origin: str) -> str | None:
    """The state after what the approval engine told; None where it stays as it is."""
    if heard is Heard.RESUBMITTED:
        return begins(direction, origin)
    if heard is Heard.APPROVED:
        return "offered" if direction == "outward" else "accepted"
    return {
        Heard.PASSED: "receiving",
        Heard.RETURNED: "returned",
        Heard.REJECTED: "rejected",
        Heard.WITHDRAWN: "withdrawn",
    }.get(heard)


def against_day(effective_on: date | None, today: date) -> list[Text]:
    """What is wrong with the day on which a member is to move."""
    if effective_on is None:
        return []
    if effective_on < today:
        return [lazy("This day is over. Leave it empty to move at once.")]
    if effective_on > today + LONGEST_WAIT:
        return [lazy("This is more than a year away.")]
    return []


def is_due(effective_on: date | None, today: date) -> bool:
    """Whether an accepted transfer is to be carried out."""
    return effective_on is None or effective_on <= today


def month(day: date) -> str:
    """``2026-02``."""
    return f"{day:%Y-%m}"
