"""Ages, reckoned as people do: a year is complete on the birthday; of 29 February, on 1 March of other years."""

from __future__ import annotations

from datetime import date

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

FEBRUARY, LEAP_DAY = 2, 29


def birthday(born: date, age: int) -> date:
    """The day on which somebody completes ``age`` years."""
    year = born.year + age
    if (born.month, born.day) == (FEBRUARY, LEAP_DAY) and not _leap(year):
        return date(year, 3, 1)
    return born.replace(year=year)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def age_on(born: date, day: date) -> int:
    """Whole years on ``day``; negative before birth."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


def latest_birth(age: int, day: date) -> date:
    """The last date of birth with which somebody has completed ``age`` years on ``day``."""
    year = day.year - age
    if (day.month, day.day) == (FEBRUARY, LEAP_DAY) and not _leap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date(year, month + 1, 1)).days
    return date(year, month + 1, min(day.day, last))


def outside(born: date | None, day: date, least: int, most: int) -> list[Text]:
    """Why somebody born then is outside the limits on ``day``; nothing where the date of birth is unknown."""
    if born is None:
        return []
    age = age_on(born, day)
    if age < least:
        return [lazy("Aged %(age)s on that day; the least age is %(least)s.", age=age, least=least)]
    if age >= most:
        return [lazy("Aged %(age)s on that day; members leave at %(most)s.", age=age, most=most)]
    return []
