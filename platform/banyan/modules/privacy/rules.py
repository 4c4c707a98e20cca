"""What personal data is looked at for, and the days that follow from the law. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

REASONS: Mapping[str, Text] = {
    "verify": lazy("Check who somebody is"),
    "contact": lazy("Get in touch with the member"),
    "transfer": lazy("Transfer or admission"),
    "report": lazy("Report to an authority"),
    "member": lazy("At the member’s own request"),
    "other": lazy("Another reason"),
}
WAYS: Mapping[str, Text] = {"page": lazy("On the page"), "api": lazy("Through the API"), "export": lazy("In a file")}
KINDS: Mapping[str, Text] = {"copy": lazy("Copy of the data"), "erasure": lazy("Erasure")}
ASKERS: Mapping[str, Text] = {
    "member": lazy("The member"),
    "organisation": lazy("The organisation"),
    "retention": lazy("Time to keep is over"),
}
STATES: Mapping[str, Text] = {
    "waiting": lazy("Waiting for a decision"),
    "working": lazy("Under way"),
    "done": lazy("Done"),
    "failed": lazy("Failed"),
    "rejected": lazy("Not agreed to"),
    "withdrawn": lazy("Withdrawn"),
}
STATE_TONES: Mapping[str, str] = {
    "waiting": "warn", "working": "warn", "done": "ok", "failed": "seal", "rejected": "seal",
}  # fmt: skip
RELATIONS: Mapping[str, Text] = {
    "father": lazy("Father"),
    "mother": lazy("Mother"),
    "grandparent": lazy("Grandparent"),
    "guardian": lazy("Other guardian"),
}
REGISTERS: Mapping[str, Text] = {
    "processor": lazy("Somebody who handles data for us"),
    "assessment": lazy("Impact assessment"),
}
SHORTEST_NOTE, LONGEST_NOTE = 4, 500
CHILD, ADULT = 14, 18
YEARS_KEPT = 3
TELL_WITHIN = timedelta(hours=72)


def years_later(day: date, years: int) -> date:
    """The same day ``years`` later; of 29 February the day after."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def age(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def born_after(years: int, today: date) -> date:
    """Who was born after this day is not ``years`` old yet."""
    return years_later(today, -years)


def minor(born: date | None, today: date) -> bool:
    """Whether somebody is known to be under eighteen."""
    return born is not None and age(born, today) < ADULT


def initial(name: str) -> str:
    """``成**`` of a name: what others are shown of somebody under eighteen."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def due(found_at: datetime) -> datetime:
    """When the authority has to know of a breach."""
    return found_at + TELL_WITHIN
