"""Kinds, terms and ends of posts: pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "head": lazy("Head"),
    "deputy": lazy("Deputy"),
    "committee": lazy("Member of the committee"),
    "delegate": lazy("Representative"),
    "staff": lazy("Staff"),
}
BEGINNINGS: Mapping[str, Text] = {
    "elected": lazy("Elected"),
    "appointed": lazy("Appointed"),
    "other": lazy("Otherwise"),
}
ENDINGS: Mapping[str, Text] = {
    "term": lazy("The term was over"),
    "resigned": lazy("Resigned"),
    "removed": lazy("Removed from the post"),
    "moved_on": lazy("Took over other duties"),
    "left": lazy("Is no member any more"),
    "transferred": lazy("Went to another organisation"),
    "merged": lazy("Was entered twice"),
}
# What people choose; the rest follows from something else.
CHOSEN_ENDINGS = ("term", "resigned", "removed", "moved_on")
State = Literal["current", "ending", "overdue", "ended"]
STATES: Mapping[str, Text] = {
    "current": lazy("Current"),
    "ending": lazy("Term ends soon"),
    "overdue": lazy("Term overdue"),
    "ended": lazy("Ended"),
}
STATE_TONES: Mapping[str, str] = {"current": "ok", "ending": "warn", "overdue": "seal"}
SOON = timedelta(days=90)
_BETWEEN = re.compile(r"[、,，;；\n]")


def listed(text: str) -> tuple[str, ...]:
    """The titles that a setting lists, each once."""
    return tuple(dict.fromkeys(title for part in _BETWEEN.split(text) if (title := clean(part))))


def clean(title: str) -> str:
    """A title as it is stored: without spaces around it, and with single ones inside."""
    return " ".join(title.split())


def state(term_ends: date | None, ended_on: date | None, today: date) -> State:
    """How a post stands: a term is overdue from the day after its last day on."""
    if ended_on is not None:
        return "ended"
    if term_ends is None or term_ends > today + SOON:
        return "current"
    return "overdue" if term_ends < today else "ending"


def goes_along(held_at: str, member_at: str) -> bool:
    """Whether a post held at the organisation at path ``held_at`` is kept by a member of the one at ``member_at``.

    One keeps posts of one's own organisation and of those above it.
    """
    return member_at.startswith(held_at)
