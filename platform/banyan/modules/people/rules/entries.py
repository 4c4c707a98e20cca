"""Kinds and states of the entries in a member's file: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "award": lazy("Award"),
    "measure": lazy("Disciplinary measure"),
    "certificate": lazy("Certificate"),
}
State = Literal["holds", "expiring", "expired", "withdrawn"]
STATES: Mapping[str, Text] = {
    "holds": lazy("Holds"),
    "expiring": lazy("Expires soon"),
    "expired": lazy("Expired"),
    "withdrawn": lazy("Withdrawn"),
}
STATE_TONES: Mapping[str, str] = {"holds": "ok", "expiring": "warn"}
SOON = timedelta(days=90)


def state(until: date | None, withdrawn: bool, today: date) -> State:
    """How an entry stands: it holds on its last day, and has expired the day after."""
    if withdrawn:
        return "withdrawn"
    if until is None or until > today + SOON:
        return "holds"
    return "expired" if until < today else "expiring"
