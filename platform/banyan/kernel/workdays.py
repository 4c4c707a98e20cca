"""Working days of mainland China, make-up Saturdays included (APR-01).

The State Council publishes holidays year by year; beyond the last year that the package ``chinesecalendar`` knows,
Monday to Friday count and the result says that it is provisional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar

from banyan.kernel.clock import SHANGHAI

_DAY = timedelta(days=1)
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Due:
    """A day counted in working days.

    :ivar provisional: holidays of a year on the way are not published yet; the day may still move.
    """

    day: date
    provisional: bool


def published(year: int) -> bool:
    """Whether the holidays of ``year`` are known."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def is_working_day(day: date) -> bool:
    """Whether people work on ``day``; Monday to Friday where its year is not published yet."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() <= _FRIDAY


def after(start: date, days: int) -> Due:
    """The working day on which ``days`` working days are over; ``start`` itself is not counted.

    :param days: at least 0; 0 is ``start`` itself. :raises ValueError: fewer.
    """
    if days < 0:
        raise ValueError(f"cannot count {days} working days")
    day, left = start, days
    while left:
        day += _DAY
        left -= is_working_day(day)
    return Due(day, days > 0 and not all(map(published, range(start.year, day.year + 1))))


def between(start: date, end: date) -> int:
    """Working days after ``start`` up to and including ``end``; 0 where ``end`` is not later."""
    return sum(is_working_day(start + number * _DAY) for number in range(1, (end - start).days + 1))


def end_of(day: date) -> datetime:
    """The instant, in UTC, at which ``day`` is over in mainland China."""
    return datetime.combine(day + _DAY, time(), tzinfo=SHANGHAI).astimezone(UTC)
