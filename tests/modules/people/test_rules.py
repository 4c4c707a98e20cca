"""Numbers, names and records say what is wrong with them, and what they say of each other (PPL-01)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.pinyin import person_sort_name, readings
from banyan.modules.people.rules import contacts, documents, names, records
from tests.modules.people.conftest import identity_number

TODAY = date(2026, 2, 12)
DAYS = st.dates(date(1900, 1, 1), TODAY)
NUMBERS = st.builds(
    identity_number,
    st.integers(1, 499),
    DAYS,
    st.booleans(),
    st.sampled_from(sorted(documents.PROVINCES)).map(lambda code: f"{code}0104"),
)


@pytest.mark.clause("PPL-01")
@given(NUMBERS)
def test_a_right_number_is_taken_however_it_was_typed_and_says_who_it_is(number: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number.lower())
    for typed in (number, wide, f" {number[:6]} {number[6:14]}-{number[14:]} "):
        assert documents.normalised("resident_id", typed) == number
    assert documents.problems("resident_id", number, TODAY) == []
    known = documents.facts("resident_id", number)
    assert known is not None
    assert (known.birth_date, known.gender) == (
        date.fromisoformat(number[6:14]),
        "male" if int(number[16]) % 2 else "female",
    )


@pytest.mark.clause("PPL-01")
@given(NUMBERS, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, by: int) -> None:
    old = number[place]
    wrong = str((int(old) + by) % 10) if old != "X" else str(by)
    assert documents.problems("resident_id", number[:place] + wrong + number[place + 1 :], TODAY)


@given(NUMBERS, st.integers(0, 15))
def test_two_digits_in_the_wrong_order_are_always_noticed(number: str, place: int) -> None:
    if number[place] != number[place + 1]:
        turned = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert documents.problems("resident_id", turned, TODAY)


@given(st.integers(1, 99), st.dates(date(1900, 1, 1), date(1999, 9, 30)), st.booleans())
def test_an_old_number_of_fifteen_digits_becomes_the_new_one(place: int, born: date, male: bool) -> None:
    new = identity_number(place, born, male)
    assert documents.normalised("resident_id", new[:6] + new[8:17]) == new


def with_check(first: str) -> str:
    return first + documents.check_digit(first)


@pytest.mark.parametrize(
    ("kind", "number", "word"),
    [
        ("resident_id", "22010420080230001", "18 digits"),
        ("resident_id", with_check("22010420080230001"), "does not exist"),
        ("resident_id", with_check("22010418991231001"), "before 1900"),
        ("resident_id", with_check("22010420260213001"), "in the future"),
        ("resident_id", with_check("99010420080517001"), "No province"),
        ("resident_id", with_check("81000020080517001"), "81, 82 or 83"),
        ("residence_permit", with_check("22010420080517001"), "begins with 81"),
        ("hk_macao_permit", "X12345678", "letter H or M"),
        ("taiwan_permit", "1234567", "8 or 10"),
        ("passport", "ABCDEF", "letters and digits"),
        ("driving_licence", "1", "type of the document"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(kind: str, number: str, word: str) -> None:
    said = documents.problems(kind, documents.normalised(kind, number), TODAY)
    assert any(word in one.msgid or word in str(one.values) for one in said), [one.msgid for one in said]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("residence_permit", with_check("81000019040229001")),
        ("residence_permit", with_check("83000020000101002")),
        ("hk_macao_permit", "H12345678(01)"),
        ("hk_macao_permit", "m12345678"),
        ("taiwan_permit", "12345678"),
        ("passport", "E12345678"),
    ],
)
def test_documents_of_other_kinds_are_taken(kind: str, number: str) -> None:
    assert documents.problems(kind, documents.normalised(kind, number), TODAY) == []


@given(st.text(max_size=60))
def test_a_name_is_the_same_after_a_second_cleaning(typed: str) -> None:
    once = names.clean(typed)
    assert names.clean(once) == once


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张　三", "张三"),
        (" 阿依古丽 ・ 买买提 ", "阿依古丽·买买提"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("J. R.  Smith", "J. R. Smith"),
        ("成员００１", "成员001"),
        ("𠮷野", "𠮷野"),
        ("龘", "龘"),
        ("员" * 50, "员" * 50),
    ],
)
def test_names_of_one_character_and_of_fifty_are_kept_as_people_write_them(typed: str, kept: str) -> None:
    assert names.clean(typed) == kept
    assert names.problems(kept) == []


@pytest.mark.parametrize("typed", ["", "·", "·三", "张··三", "张<三", "员" * 51, "😀", "张=1"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    assert names.problems(typed)


@given(NUMBERS, DAYS, st.sampled_from(["male", "female"]))
@pytest.mark.clause("PPL-01")
def test_number_birth_date_and_gender_agree_or_are_refused(number: str, born: date, gender: str) -> None:
    whole = records.completed(
        {"name": "成员001", "document_number": number, "birth_date": born, "gender": gender, "admitted_on": TODAY}
    )
    wrong = records.problems(whole, TODAY)
    known = documents.facts("resident_id", number)
    assert known is not None
    assert ("birth_date" in wrong) == (born != known.birth_date)
    assert ("gender" in wrong) == (gender != known.gender)


@given(NUMBERS)
def test_what_a_form_leaves_empty_is_what_the_number_says(number: str) -> None:
    whole = records.completed({"name": "成员001", "document_number": number})
    assert records.problems({**whole, "admitted_on": TODAY}, TODAY).keys() <= {"admitted_on"}
    assert whole["document_type"] == "resident_id"


@pytest.mark.parametrize(
    ("born", "joined", "wrong"),
    [
        (date(1899, 12, 31), None, {"birth_date"}),
        (date(1900, 1, 1), None, set()),
        (date(1904, 2, 29), date(1922, 5, 5), set()),
        (TODAY + timedelta(days=1), None, {"birth_date", "admitted_on"}),
        (date(2008, 5, 17), date(2008, 5, 16), {"joined_on"}),
        (date(2008, 5, 17), TODAY + timedelta(days=1), {"joined_on"}),
    ],
)
def test_dates_lie_between_1900_and_today_and_after_the_birth(born: date, joined: date | None, wrong: set[str]) -> None:
    found = records.problems({"name": "成员001", "birth_date": born, "joined_on": joined, "admitted_on": TODAY}, TODAY)
    assert set(found) == wrong


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("+86 138-0013-8000", "13800138000"), ("（0431）8888 0000", "043188880000"), ("+852 2345 6789", "+85223456789")],
)
def test_phones_are_kept_in_one_way(typed: str, kept: str) -> None:
    assert contacts.phone(typed) == kept
    assert contacts.phone_problems(kept) == []


def test_surnames_are_read_as_surnames_and_pinyin_is_cut_into_syllables() -> None:
    assert person_sort_name("单红") == "shan hong"
    assert person_sort_name("尉迟恭") == "yu chi gong"
    assert readings("zhangsan")[0] == "zhang san"
    assert set(readings("xian")) >= {"xian", "xi an"}
    assert readings("zhangs") == ["zhang s"]
    assert readings("张三") == readings("zs") == []
