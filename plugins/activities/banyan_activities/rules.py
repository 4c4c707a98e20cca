"""What can be said of activities without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from banyan.sdk import Message, lazy

KINDS: Mapping[str, Message] = {
    "study": lazy("Learning"),
    "meeting": lazy("Meeting"),
    "volunteering": lazy("Volunteering"),
    "culture": lazy("Culture"),
    "sports": lazy("Sports"),
    "training": lazy("Training"),
    "visit": lazy("Visit"),
    "other": lazy("Other"),
}
STATES: Mapping[str, Message] = {
    "draft": lazy("Plan"),
    "asked": lazy("Waits for approval"),
    "approved": lazy("Approved"),
    "published": lazy("Published"),
    "cancelled": lazy("Cancelled"),
}
TONES = {"published": "ok", "cancelled": "seal", "asked": "warn"}
SUMMARIES: Mapping[str, Message] = {
    "missing": lazy("Not summed up"),
    "handed_in": lazy("Handed in"),
    "filed": lazy("Filed"),
}
SIGN_UPS: Mapping[str, Message] = {
    "going": lazy("Has a place"),
    "waiting": lazy("Waiting list"),
    "withdrawn": lazy("Gave up the place"),
}
ATTENDED: Mapping[str, Message] = {
    "code": lazy("By code"),
    "list": lazy("By list"),
    "place": lazy("By location"),
    "paper": lazy("By printed list"),
}
PREPARATIONS: Mapping[str, Message] = {
    "labour": lazy("Division of labour"),
    "publicity": lazy("Publicity"),
    "purchase": lazy("Purchases"),
    "venue": lazy("Venue"),
    "staff": lazy("Staff"),
    "other": lazy("Other"),
}
MOST_COMPANIONS, MOST_CAPACITY = 10, 100_000


@dataclass(frozen=True, slots=True)
class Seat:
    """The answer to a sign-up."""

    state: str
    taken: int
    waiting: int


def seated(capacity: int | None, taken: int, waiting: int, places: int) -> Seat:
    """What becomes of a sign-up for ``places``: a place while there are enough and nobody waits, else the line."""
    if capacity is None or (not waiting and taken + places <= capacity):
        return Seat("going", taken + places, waiting)
    return Seat("waiting", taken, waiting + places)


def moving_up(capacity: int | None, taken: int, line: list[int]) -> int:
    """How many at the head of the line get their places now; nobody overtakes.

    :param line: places asked for, in the order in which they came.
    """
    number = 0
    for places in line:
        if capacity is not None and taken + places > capacity:
            break
        taken, number = taken + places, number + 1
    return number


def is_major(budget: int, expected: int, most_budget: int, most_people: int) -> bool:
    """Whether a plan needs the council (ACT-03). Zero says that nothing is major.

    :param budget: in fen. :param most_budget: in yuan.
    """
    return (most_budget > 0 and budget > most_budget * 100) or (most_people > 0 and expected > most_people)


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone called so; None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def problems(data: Mapping[str, Any], now: datetime) -> dict[str, list[Message]]:
    """All that is wrong with a plan, by field."""
    found: dict[str, list[Message]] = {}
    starts, ends = data["starts_at"], data["ends_at"]
    if ends <= starts:
        found["ends_at"] = [lazy("It ends before it begins.")]
    if starts < now:
        found["starts_at"] = [lazy("This lies in the past.")]
    for name in ("sign_up_until", "withdraw_until"):
        if data.get(name) is not None and data[name] > ends:
            found[name] = [lazy("This lies after its end.")]
    if (data.get("latitude") is None) != (data.get("longitude") is None):
        found["latitude"] = [lazy("Give both, or none of them.")]
    return found


def to_lines(questions: list[Any]) -> list[str]:
    """Questions at sign-up as lines of a form."""
    found = []
    for one in questions:
        choices = " / ".join(option["label"] for option in one.get("options", ()))
        star = " *" if one.get("required") else ""
        found.append(f"{one['label']}: {choices}{star}" if choices else f"{one['label']}{star}")
    return found


def from_lines(lines: list[str]) -> list[dict[str, Any]]:
    """Questions at sign-up out of lines: a label, after a colon choices, a star where one must answer."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        required = line.rstrip().endswith(("*", "＊"))
        label, _colon, choices = line.rstrip(" *＊").replace("：", ":").partition(":")
        options = [one.strip() for one in choices.replace("／", "/").split("/") if one.strip()]
        kept = [{"key": f"o{place}", "label": one} for place, one in enumerate(dict.fromkeys(options), 1)]
        several = len(kept) > 1
        text = label.strip() if several else line.rstrip(" *＊").strip()
        question: dict[str, Any] = {"key": f"q{number}", "kind": "text", "label": text, "required": required}
        found.append(question | ({"kind": "single", "options": kept} if several else {}))
    return found


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance between two places given as latitude and longitude in degrees (haversine, mean radius)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, place)) for place in (one, other))
    part = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(min(part, 1.0)))


def minutes(starts: datetime, ends: datetime, came: datetime, left: datetime | None) -> int:
    """What counts for somebody: the part of the activity that they were there for, in whole minutes."""
    begin, end = max(starts, came), min(ends, left) if left is not None else ends
    return max(int((end - begin).total_seconds() // 60), 0)


def month_of(activity_starts: datetime) -> str:
    """The month that an activity counts in, by Beijing time."""
    return f"{activity_starts.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"


def repeated(starts_at: datetime, every: str, times: int, zone: str) -> list[datetime]:
    """When it begins again: every week, fortnight or month, at the same time on the clocks of its zone."""
    local = starts_at.astimezone(zone_of(zone))
    found = []
    for number in range(1, times + 1):
        if every == "month":
            index = local.month - 1 + number
            year, month_ = local.year + index // 12, index % 12 + 1
            day = min(local.day, (date(year + month_ // 12, month_ % 12 + 1, 1) - timedelta(days=1)).day)
            moved = local.replace(year=year, month=month_, day=day)
        else:
            moved = local + timedelta(weeks=number * (2 if every == "fortnight" else 1))
        found.append(moved)
    return found
