"""Which fields of a record its member changes, and how: at once, or through the branch (ACC-03, PPL-02).

An *item* is what is asked for and answered as one: mostly a field; the document is its type and its number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import records

WORKING_DAYS = 5
CUSTOM = "fields."
# What takes effect at once and is checked afterwards.
AT_ONCE = ("phone", "email", "address", "interests")
# Item → its fields: what waits for the branch, in the order in which it is shown.
ASKED: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "gender": ("gender",),
    "ethnicity": ("ethnicity",),
    "birth_date": ("birth_date",),
    "document_number": ("document_type", "document_number"),
    "workplace": ("workplace",),
    "occupation": ("occupation",),
    "education": ("education",),
    "political_status": ("political_status",),
    "joined_on": ("joined_on",),
    "joining_place": ("joining_place",),
}
LABELS: Mapping[str, Text] = {
    "name": lazy("Full name"),
    "gender": lazy("Gender"),
    "ethnicity": lazy("Ethnicity"),
    "birth_date": lazy("Date of birth"),
    "document_number": lazy("Identity document"),
    "workplace": lazy("School or workplace"),
    "occupation": lazy("Occupation"),
    "education": lazy("Education"),
    "political_status": lazy("Political status"),
    "joined_on": lazy("Joined on"),
    "joining_place": lazy("Place of joining"),
    "phone": lazy("Phone"),
    "email": lazy("E-mail"),
    "address": lazy("Postal address"),
    "interests": lazy("Interests"),
}
KINDS: Mapping[str, Text] = {"ask": lazy("Asked for"), "check": lazy("Took effect, to be checked")}
WAITING, UNCHECKED = "waiting", "unchecked"
OPEN = (WAITING, UNCHECKED)
STATES: Mapping[str, Text] = {
    WAITING: lazy("Waits for an answer"),
    UNCHECKED: lazy("To be checked"),
    "agreed": lazy("Agreed to"),
    "refused": lazy("Not agreed to"),
    "confirmed": lazy("Checked"),
    "put_back": lazy("Put back"),
    "replaced": lazy("Changed again before it was checked"),
    "withdrawn": lazy("Taken back"),
}
STATE_TONES: Mapping[str, str] = {
    WAITING: "warn",
    UNCHECKED: "warn",
    "agreed": "ok",
    "confirmed": "ok",
    "refused": "seal",
    "put_back": "seal",
}
URGENCIES: Mapping[str, Text] = {"open": lazy("In time"), "overdue": lazy("Overdue"), "closed": lazy("Done")}


@dataclass(frozen=True, slots=True)
class Answer:
    """The branch's answer to one item."""

    agreed: bool
    reason: str = ""


def fields_of(item: str) -> tuple[str, ...]:
    """The fields of an item; a field that an organisation added itself is one for itself."""
    return ASKED.get(item, (item,))


def packed(values: Mapping[str, Any]) -> str:
    """Values of an item as the text that is sealed."""
    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def unpacked(text: str) -> dict[str, Any]:
    """What `packed` was made of."""
    found: dict[str, Any] = json.loads(text)
    return {key: date.fromisoformat(value) if key in records.DATES and value else value for key, value in found.items()}


def same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two values of an item are the same; nothing and an empty text are."""
    return {key: value or None for key, value in before.items()} == {key: value or None for key, value in after.items()}


def agreed_to(asked: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Answer]) -> dict[str, Any]:
    """The fields that take effect: those of the items agreed to, and no others.

    :param asked: item → its new values. :param answers: item → answer; an item without one is not agreed to.
    """
    return {
        field: value
        for item, values in asked.items()
        if item in answers and answers[item].agreed
        for field, value in values.items()
    }


def missing_answers(items: Sequence[str], answers: Mapping[str, Answer]) -> dict[str, list[Text]]:
    """Everything that is wrong with answers to ``items``: one without an answer, a refusal without a reason, a strange
    one."""
    found: dict[str, list[Text]] = {}
    for item in items:
        if item not in answers:
            found[item] = [lazy("Say whether you agree.")]
        elif not answers[item].agreed and not answers[item].reason.strip():
            found[item] = [lazy("Say why: whoever asked will read it.")]
    for item in answers.keys() - set(items):
        found[item] = [lazy("This was not asked for, or it is answered already.")]
    return found
