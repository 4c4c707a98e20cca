"""What can be said without a database: pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta

SHOWN = 40


def old_before(now: datetime, kept_days: int) -> datetime:
    """Notes written before this instant are old.

    :param kept_days: for how many days of 24 hours notes are kept.
    """
    return now - timedelta(days=kept_days)


def title(text: str) -> str:
    """The beginning of a note, for lists and the audit log."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
