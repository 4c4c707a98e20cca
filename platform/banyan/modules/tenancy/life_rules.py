"""Days and reasons in the life of an organisation: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Literal

import orjson

from banyan.kernel import workdays
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

# Working days between the approval of an organisation and its entry here (ORG-03), and between the decision to revoke
# one and its revocation here (ORG-04).
ENTRY_DAYS, REVOCATION_DAYS = 30, 15
# Days after a revocation within which it can be undone.
GRACE_DAYS = 30

Punctuality = Literal["open", "overdue", "done", "late", "withdrawn"]


def days_until_entry(approved_on: date, entered_on: date) -> int:
    """Working days from the approval to the entry."""
    return workdays.between(approved_on, entered_on)


def late_by(entry_days: int | None) -> int:
    """By how many working days an organisation was entered late; 0 in time, or where nobody knows."""
    return max((entry_days or 0) - ENTRY_DAYS, 0)


def date_problems(founded_on: date | None, approved_on: date | None, today: date) -> dict[str, list[Text]]:
    """Every reason why these days cannot be: in the future, or the approval before the founding."""
    future: Text = lazy("This date lies in the future.")
    problems: dict[str, list[Text]] = {}
    if founded_on is not None and founded_on > today:
        problems["founded_on"] = [future]
    if approved_on is not None and approved_on > today:
        problems["approved_on"] = [future]
    if founded_on is not None and approved_on is not None and approved_on < founded_on <= today:
        problems["approved_on"] = [lazy("The approval cannot be older than the founding date.")]
    return problems


def decision_problems(decided_on: date, founded_on: date | None, today: date) -> dict[str, list[Text]]:
    """Why a decision about an organisation cannot be of that day."""
    if decided_on > today:
        return {"decided_on": [lazy("This date lies in the future.")]}
    if founded_on is not None and decided_on < founded_on:
        return {"decided_on": [lazy("On that day the organisation had not been founded yet.")]}
    return {}


def punctuality(due_on: date, done_on: date | None, withdrawn: bool, today: date) -> Punctuality:
    """How a decision to revoke stands."""
    if withdrawn:
        return "withdrawn"
    if done_on is not None:
        return "late" if done_on > due_on else "done"
    return "overdue" if today > due_on else "open"


def digest(facts: Mapping[str, Any] | Sequence[Any]) -> str:
    """A fingerprint of what a preview showed: equal for equal facts, whatever the language they were read in."""
    return sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()
