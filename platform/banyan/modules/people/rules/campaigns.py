"""What campaigns and answers are called, and what may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from banyan.kernel import workdays
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "cleanup": lazy("Clean-up against the joining dossier"),
    "registration": lazy("Yearly registration and review"),
}
STATES: Mapping[str, Text] = {"open": lazy("Open"), "overdue": lazy("Overdue"), "closed": lazy("Closed")}
STATE_TONES: Mapping[str, str] = {"open": "ok", "overdue": "seal"}
ANSWERS: Mapping[str, Text] = {
    "confirmed": lazy("Confirmed"),
    "corrected": lazy("Corrected and confirmed"),
    "doubtful": lazy("Doubtful"),
    "absent": lazy("Not found here"),
}
ANSWER_TONES: Mapping[str, str] = {"confirmed": "ok", "corrected": "ok", "doubtful": "warn", "absent": "seal"}
# These leave something to be settled, and say what.
NEED_REASON = frozenset({"doubtful", "absent"})
ASKED: Mapping[str, Text] = {
    "name": lazy("Full name"),
    "gender": lazy("Gender"),
    "ethnicity": lazy("Ethnicity"),
    "birth_date": lazy("Date of birth"),
    "document_number": lazy("Document number"),
    "joined_on": lazy("Joined on"),
    "joining_place": lazy("Place of joining"),
    "phone": lazy("Phone"),
    "workplace": lazy("School or workplace"),
    "education": lazy("Education"),
    "political_status": lazy("Political status"),
}
USUAL = ("name", "birth_date", "joined_on", "joining_place")
REMINDED = 3


def is_pressing(due_on: date, today: date) -> bool:
    """Whether branches are to be reminded: three working days are left at most, and the date is not over."""
    return today <= due_on <= workdays.after(today, REMINDED).day


def share(done: int, total: int) -> int:
    """Whole per cent of ``total``; 100 only once all are done, 0 only while none is."""
    if total <= 0:
        return 100
    return 100 if done >= total else min(max(done * 100 // total, 1 if done else 0), 99)
