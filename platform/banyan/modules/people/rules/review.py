"""What a first review looks at (PPL-03): completeness, correctness, conformity. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import records

# The fields a reviewer looks at, in the order of the record; a document's type goes with its number.
REVIEWED = (
    *("name", "gender", "ethnicity", "birth_date", "document_number", "joined_on", "joining_place", "admitted_on"),
    *("phone", "email", "address", "workplace", "occupation", "education", "political_status"),
)
# Contact and interests take effect at once and are checked on their own (PPL-02).
UNREVIEWED = frozenset({"phone", "email", "address", "interests", "number"})
NEEDED = ("name", "gender", "ethnicity", "birth_date", "document_number", "joined_on", "phone")
MISSING: Text = lazy("This is missing.")


def asks_anew(changed: frozenset[str]) -> bool:
    """Whether a record in which these fields changed has to be reviewed again."""
    return bool(changed - UNREVIEWED)


def findings(record: Mapping[str, Any], today: date) -> dict[str, list[Text]]:
    """What a machine sees: fields that are missing, and fields that contradict rules or each other."""
    found = {key: list(reasons) for key, reasons in records.problems(record, today).items() if key in REVIEWED}
    for key in NEEDED:
        if not record.get(key):
            found.setdefault(key, []).append(MISSING)
    return found
