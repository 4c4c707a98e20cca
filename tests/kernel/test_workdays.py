"""Deadlines in working days of mainland China."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel import workdays


@pytest.mark.clause("APR-01")
def test_spring_festival_2026_with_its_make_up_saturday() -> None:
    """Received on Thursday 12 February: Friday, Saturday the 14th (made up), then 24, 25 and 26 February."""
    assert workdays.after(date(2026, 2, 12), 5) == workdays.Due(date(2026, 2, 26), provisional=False)
    assert workdays.after(date(2026, 2, 26), 10).day == date(2026, 3, 11), "Saturday the 28th is made up as well"
    assert workdays.is_working_day(date(2026, 2, 14))
    assert not workdays.is_working_day(date(2026, 2, 16))


def test_a_day_received_on_a_holiday_counts_from_the_next_working_day() -> None:
    assert workdays.after(date(2026, 2, 17), 1).day == date(2026, 2, 24)


def test_years_that_are_not_published_count_monday_to_friday_and_say_so() -> None:
    found = workdays.after(date(2090, 9, 29), 5)
    assert found == workdays.Due(date(2090, 10, 6), provisional=True)
    assert not workdays.published(2090)
    assert workdays.after(date(2026, 12, 30), 5).provisional, "the deadline reaches into an unpublished year"


def test_no_days_are_the_day_itself_and_fewer_are_refused() -> None:
    assert workdays.after(date(2026, 2, 15), 0).day == date(2026, 2, 15)
    with pytest.raises(ValueError, match="-1"):
        workdays.after(date(2026, 2, 15), -1)


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    assert workdays.end_of(date(2026, 2, 26)) == datetime(2026, 2, 26, 16, tzinfo=UTC)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_counting_back_agrees_with_counting_on(start: date, days: int) -> None:
    due = workdays.after(start, days).day
    assert workdays.between(start, due) == days
    assert workdays.is_working_day(due)
    assert workdays.between(start, due - timedelta(days=1)) == days - 1
