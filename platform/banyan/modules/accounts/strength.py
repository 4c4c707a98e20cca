"""How hard a password is to guess: pure functions over public lists and what people here choose.

The estimate is zxcvbn's (words of leaked lists, keyboard walks, dates, repeats, letters written as digits), given a
list of Chinese patterns and what is known of the account as further words. It looks at a bounded part of what was
typed, so that nobody keeps the server busy with a long one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pypinyin import Style, lazy_pinyin
from zxcvbn import matching, scoring, time_estimates

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

POLICY = 2
"""Version of these rules, kept with every password that met them. One: those before lists and estimates."""
SHORTEST, LONGEST, LOOKED_AT = 10, 128, 48
LEAST_SCORE, MOST_LISTED, WALK, DIGITS_ALONE = 3, 3, 4, 16
# A word of four letters out of a name stands in many a good passphrase.
LONG_WORD = 5
LEVELS: tuple[Text, ...] = (
    lazy("Guessed at once"),
    lazy("Very weak"),
    lazy("Weak"),
    lazy("Strong enough"),
    lazy("Strong"),
)
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_ID_NUMBER = re.compile(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d\D?(?:0?[1-9]|1[0-2])\D?(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")
_HAN = re.compile(r"[\u3400-\u9fff]")


def form(typed: str) -> str:
    """A password as it is hashed, so that different keyboards write the same one (NFKC)."""
    return unicodedata.normalize("NFKC", typed)


def problems(typed: str, about: Iterable[str] = ()) -> list[Text]:
    """Every reason against a password.

    :param about: what is known of the account: sign-in name, name, phone, organisation.
    """
    password = form(typed)
    folded = password.casefold()
    found: list[Text] = []
    if len(password) < SHORTEST:
        found.append(lazy("A password has at least %(least)s characters.", least=SHORTEST))
    if len(password) > LONGEST:
        found.append(lazy("A password has at most %(most)s characters.", most=LONGEST))
    looked_at = folded[:LOOKED_AT]
    known = pieces(about)
    found += _personal(looked_at, known)
    found += _numbers(looked_at)
    if is_common(looked_at):
        found.append(lazy("This is one of the passwords that are guessed first."))
    elif score(typed, known=known) < LEAST_SCORE:
        found.append(lazy("This is guessed too easily. Take several words that have nothing to do with each other."))
    return found


def score(typed: str, about: Iterable[str] = (), *, known: Sequence[str] | None = None) -> int:
    """How hard it is to guess: 0 (at once) to 4.

    :param known: `pieces` of ``about``, when they have been cut already.
    """
    password = form(typed)[:LOOKED_AT]
    if not password:
        return 0
    words = {word: rank for rank, word in enumerate(pieces(about) if known is None else known, 1)}
    dictionaries = {**matching.RANKED_DICTIONARIES, "chinese": _chinese(), "user_inputs": words}
    matches = matching.omnimatch(password, dictionaries)
    guesses = scoring.most_guessable_match_sequence(password, matches)["guesses"]
    estimated: Any = time_estimates.guesses_to_score(guesses)
    return min(int(estimated), 0 if is_common(password.casefold()) else 4)


def is_common(folded: str) -> bool:
    """Whether a case-folded password is one repeated piece, or a few listed words and walks with digits and signs."""
    if folded in _chinese():
        return True
    if any((folded[:size] * len(folded))[: len(folded)] == folded for size in (1, 2, 3)):
        return True
    letters = _letters(folded)
    return _words_in(letters) <= MOST_LISTED if len(letters) > 2 else not folded.isdigit()


def _letters(folded: str) -> str:
    """Without digits and signs, Chinese in pinyin, and walks along the keys left out: they add next to nothing."""
    text = "".join(lazy_pinyin(folded)) if _HAN.search(folded) else folded
    walked: set[int] = set()
    for start in range(len(text) - WALK + 1):
        run = text[start : start + WALK]
        if any(run in row or run in row[::-1] for row in _ROWS):
            walked.update(range(start, start + WALK))
    return re.sub(r"[\W\d_]", "", "".join(" " if at in walked else letter for at, letter in enumerate(text)))


def _words_in(text: str) -> int:
    """The least number of listed words that make up ``text``; more than `MOST_LISTED` when they do not."""
    least = [0, *([MOST_LISTED + 1] * len(text))]
    for end in range(1, len(text) + 1):
        starts = (start for start in range(max(0, end - _longest()), end) if text[start:end] in _chinese())
        least[end] = min((least[start] + 1 for start in starts), default=MOST_LISTED + 1)
    return least[-1]


def pieces(about: Iterable[str]) -> list[str]:
    """What a password may not be made of: every given text, its words, and how Chinese ones are written in letters."""
    found: dict[str, None] = {}
    for text in about:
        folded = form(text).casefold().strip()[:100]
        if re.fullmatch(r"[\d\s()+-]+", folded):
            folded = re.sub(r"\D", "", folded)
        words = re.split(r"[\s._@\-/·（）()]+", folded)
        if _HAN.search(folded):
            words.append("".join(lazy_pinyin(folded)))
            words.append("".join(lazy_pinyin(folded, style=Style.FIRST_LETTER)))
        whole = (folded, re.sub(r"[\s._@-]", "", folded))
        for word in (*whole, *words):
            if len(word) >= (2 if _HAN.search(word) else 4 if word in whole else LONG_WORD):
                found.setdefault(word)
    return list(found)


def _personal(folded: str, known: Sequence[str]) -> list[Text]:
    plain = re.sub(r"[\s._-]", "", folded)
    if any(word in folded or word in plain or word[::-1] in folded for word in known):
        return [lazy("It must not hold your name, your sign-in name, your phone or your organisation, not in pinyin.")]
    return []


def _numbers(folded: str) -> list[Text]:
    if _PHONE.search(folded) or _ID_NUMBER.search(folded):
        return [lazy("It must not hold a phone number or an ID number.")]
    if folded.isdigit() and len(folded) < DIGITS_ALONE:
        return [lazy("Digits alone are guessed too soon.")]
    if _DAY.search(folded) and len(_DAY.sub("", folded)) < SHORTEST - 2:
        return [lazy("A date with little around it is guessed soon: birthdays are tried first.")]
    return []


@cache
def _chinese() -> dict[str, int]:
    source = Path(__file__).parent / "data" / "chinese_passwords.txt"
    lines = (line for line in source.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {word: rank for rank, word in enumerate((word for line in lines for word in line.split()), 1)}


@cache
def _longest() -> int:
    return max(map(len, _chinese()))
