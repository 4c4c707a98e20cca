"""Until when a newly admitted member has an account: 15 working days after admission (ACC-02)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from banyan.kernel import workdays

WORKING_DAYS = 15
_DAY = timedelta(days=1)


@lru_cache(maxsize=2_000)
def due_on(admitted: date) -> date:
    """The last day on which the account of somebody admitted then is in time."""
    return workdays.after(admitted, WORKING_DAYS).day


@lru_cache(maxsize=8)
def overdue_until(today: date) -> date:
    """The latest day of admission of which the time is over today: all earlier ones are overdue too."""
    day, left = today, WORKING_DAYS
    while left:
        day -= _DAY
        left -= workdays.is_working_day(day)
    return day - _DAY


@lru_cache(maxsize=8)
def due_within(today: date, working_days: int) -> date:
    """The latest day of admission whose time is over at the end of so many working days from today."""
    return overdue_until(workdays.after(today, working_days).day + _DAY)
