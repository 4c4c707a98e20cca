"""Pure rules: when an account is due, what age somebody has, what people write in spreadsheets."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel import workdays
from banyan.modules.people.rules import account_due, ages, campaigns, choices, documents, written

DAYS = st.dates(date(2005, 1, 1), date(2027, 12, 31))


@pytest.mark.clause("ACC-02")
@given(DAYS, st.integers(0, 60))
def test_whoever_was_admitted_until_the_cut_off_is_overdue_and_nobody_else(today: date, back: int) -> None:
    admitted = today - timedelta(days=back)
    overdue = account_due.due_on(admitted) < today
    assert (admitted <= account_due.overdue_until(today)) == overdue


@pytest.mark.clause("ACC-02")
def test_an_account_is_due_fifteen_working_days_after_admission_across_the_spring_festival() -> None:
    # 14 and 28 February 2026 are worked, 15 to 23 are not.
    assert account_due.due_on(date(2026, 2, 9)) == date(2026, 3, 6)
    assert workdays.between(date(2026, 2, 9), date(2026, 3, 6)) == 15
    assert account_due.overdue_until(date(2026, 3, 6)) < date(2026, 2, 9) <= account_due.overdue_until(date(2026, 3, 7))


@pytest.mark.clause("PPL-09")
@given(st.dates(date(1950, 1, 1), date(2027, 12, 31)), DAYS, st.integers(1, 60))
def test_whoever_is_born_until_the_latest_day_has_the_age_and_nobody_else(born: date, day: date, age: int) -> None:
    assert (born <= ages.latest_birth(age, day)) == (ages.age_on(born, day) >= age)


@pytest.mark.clause("PPL-09")
def test_a_year_is_complete_on_the_birthday_and_for_leap_days_on_the_first_of_march() -> None:
    born = date(2000, 2, 29)
    assert [ages.age_on(born, day) for day in (date(2028, 2, 28), date(2028, 2, 29))] == [27, 28]
    assert [ages.age_on(born, day) for day in (date(2027, 2, 28), date(2027, 3, 1))] == [26, 27]
    assert ages.outside(date(2012, 5, 4), date(2026, 5, 3), 14, 28)
    assert not ages.outside(date(2012, 5, 4), date(2026, 5, 4), 14, 28)
    assert ages.outside(date(1998, 5, 4), date(2026, 5, 4), 14, 28)
    assert ages.months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert ages.months_later(date(2026, 12, 31), 2) == date(2027, 2, 28)


@pytest.mark.clause("PPL-08")
@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_campaign_is_done_to_a_hundred_per_cent_only_when_it_is(done: int, total: int) -> None:
    share = campaigns.share(done, total)
    assert 0 <= share <= 100
    assert (share == 100) == (done >= total)
    assert (share == 0) == (done == 0 and total > 0)


@pytest.mark.clause("ACC-01")
def test_what_people_write_for_a_choice_is_one_of_its_values() -> None:
    offered = {
        "gender": choices.GENDERS,
        "ethnicity": choices.ETHNICITIES,
        "document_type": documents.TYPES,
        "education": choices.EDUCATION,
        "political_status": choices.POLITICAL_STATUS,
    }
    for key, words in written.WORDS.items():
        assert set(words.values()) <= set(offered[key]), key
    peoples = written.WORDS["ethnicity"]
    assert (peoples["汉"], peoples["满族"], peoples["基诺"]) == ("01", "11", "56")
