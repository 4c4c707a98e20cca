"""What names, passwords and codes must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.modules.accounts import rules


@pytest.mark.parametrize("typed", ["Jilin.Admin", "  jilin.admin ", "JILIN.ADMIN", "ＪＩＬＩＮ.admin"])
def test_a_sign_in_name_is_one_however_it_is_typed(typed: str) -> None:
    assert rules.sign_in_name(typed) == "jilin.admin"


@given(st.text(max_size=40))
def test_the_kept_form_of_a_name_is_stable(typed: str) -> None:
    kept = rules.sign_in_name(typed)
    if not rules.sign_in_name_problems(kept):
        assert rules.sign_in_name(kept) == kept


@pytest.mark.parametrize("name", ["ab", "a" * 65, ".abc", "a b c", "абв", "abc\u202e", "名", ""])
def test_names_that_cannot_be_taken(name: str) -> None:
    assert rules.sign_in_name_problems(name)


@pytest.mark.parametrize("name", ["abc", "吉林省管理员", "220000-admin", "li.ming@tuan"])
def test_names_that_can_be_taken(name: str) -> None:
    assert not rules.sign_in_name_problems(name)


COMMON = ["1234567890", "0987654321", "Password2026", "woaini1314", "5201314520", "qwertyuiop", "aaaaaaaaaa",
          "1212121212", "abcabcabcabc", "1qaz2wsx3edc", "Admin123456", "zhongguo123456", "ABC123456789"]  # fmt: skip


@pytest.mark.parametrize("password", COMMON)
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    assert rules.password_problems(password, "somebody")


@pytest.mark.parametrize(
    "password", ["green roots hang low", "榕树的气根垂到地上去了", "x7#Kq!vP2m", "8372615940273615"]
)
def test_other_passwords_are_taken(password: str) -> None:
    assert not rules.password_problems(password, "somebody")


def test_all_reasons_against_a_password_are_told_at_once() -> None:
    assert len(rules.password_problems("admin", "admin")) == 3


def test_the_sign_in_name_is_no_password() -> None:
    assert rules.password_problems("Li.Ming.Of.Jilin", "li.ming.of.jilin")


@given(st.integers(0, 3))
def test_a_code_is_read_however_it_is_typed(gap: int) -> None:
    code = rules.new_code()
    assert len(code) == 8
    assert set(code) <= set(rules.CODE_ALPHABET)
    assert not set(rules.CODE_ALPHABET) & set("01OIL")
    typed = (" " * gap + rules.shown_code(code)).lower()
    assert rules.code_form(typed) == code


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/109.0 Safari/537.36 Edg/109.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1 MicroMessenger/8.0", "WeChat · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "—"),
    ],
)
def test_browsers_are_called_what_people_call_them(agent: str, name: str) -> None:
    assert rules.browser_name(agent) == name
