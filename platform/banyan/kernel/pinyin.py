"""Chinese names as people sort and look for them: pinyin, its initials, and the pieces that a search walks.

A name is cut into tokens: every two adjacent characters (NFKC, case-folded, without punctuation) and every two adjacent
pinyin initials.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

from pypinyin import lazy_pinyin, load_single_dict
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.mmseg import seg

LONGEST = 100

# The usual name: what no normalisation touches.
_HAN = re.compile("[\u4e00-\u9fff]+")

# Characters that place names read otherwise than the dictionary does: 长 stands at the front of names as "long".
load_single_dict({ord("长"): "cháng,zhǎng", ord("珲"): "hún,huī"})


def normalised(text: str) -> str:
    """``text`` as it is compared: NFKC, case-folded, letters, digits and private characters of names only."""
    if _HAN.fullmatch(text):
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum() or unicodedata.category(char) == "Co")


@cache
def _beginnings() -> frozenset[str]:
    """The first two characters of every phrase of the dictionary."""
    return frozenset(phrase[:2] for phrase in PHRASES_DICT)


@lru_cache(maxsize=50_000)
def _read(word: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(word, errors=list))  # type: ignore[arg-type]  # a list of characters is taken as well


def syllables(name: str) -> list[str]:
    """The pinyin of a normalised name, one entry for each character; what has no pinyin stands for itself.

    Where no phrase begins, a character is read alone: asking that first makes it four times as fast.
    """
    found: list[str] = []
    beginnings, place, end = _beginnings(), 0, len(name)
    while place < end:
        if name[place : place + 2] in beginnings:
            word = next(seg.cut(name[place:]))
            found.extend(_read(word))
            place += len(word)
        else:
            found.extend(_read(name[place]))
            place += 1
    return found


def sort_name(name: str) -> str:
    """The pinyin of ``name``, a space between syllables: sorts by syllable, and its initials are the name's."""
    return " ".join(syllables(normalised(name)))


def initials(sort_key: str) -> str:
    """The pinyin initials in a `sort_name`."""
    return "".join(syllable[0] for syllable in sort_key.split())


def pairs(text: str) -> set[str]:
    """Every two adjacent characters."""
    return {first + second for first, second in pairwise(text)}


def tokens(name: str) -> set[str]:
    """What something called ``name`` is found by."""
    return tokens_of(name, sort_name(name))


def tokens_of(name: str, sort_key: str) -> set[str]:
    """`tokens`, where the `sort_name` is known already."""
    return pairs(normalised(name)) | pairs(initials(sort_key))


def query_tokens(text: str) -> set[str]:
    """The tokens that every name holding ``text`` has; empty when it is too short to search."""
    return pairs(normalised(text[:LONGEST]))


# Surnames that are read otherwise than the same character elsewhere.
_SURNAMES = {
    "\u4e07\u4fdf": "mo qi",
    "\u5c09\u8fdf": "yu chi",
    "\u957f\u5b59": "zhang sun",
    "\u5355\u4e8e": "chan yu",
    "\u9c9c\u4e8e": "xian yu",
    "\u6fb9\u53f0": "tan tai",
    "\u5b97\u653f": "zong zheng",
    "\u5355": "shan",
    "\u4ec7": "qiu",
    "\u533a": "ou",
    "\u89e3": "xie",
    "\u67e5": "zha",
    "\u66fe": "zeng",
    "\u76d6": "ge",
    "\u7f2a": "miao",
    "\u6734": "piao",
    "\u4efb": "ren",
    "\u5b81": "ning",
    "\u5c04": "she",
    "\u4e50": "yue",
    "\u5415": "lv",
    "\u90a2": "xing",
    "\u8983": "qin",
    "\u77bf": "qu",
    "\u7b3c": "long",
    "\u79d8": "bi",
    "\u51bc": "xian",
    "\u90c7": "xun",
    "\u77f3": "shi",
    "\u957f": "chang",
}


def person_sort_name(name: str) -> str:
    """The pinyin of a person's name, its surname read as surnames are: ``shan hong`` for \u5355\u7ea2."""
    plain = normalised(name)
    for length in (2, 1):
        known = _SURNAMES.get(plain[:length])
        if known is not None and len(plain) >= length:
            return " ".join([known, *syllables(plain[length:])])
    return " ".join(syllables(plain))


@cache
def _syllables_known() -> frozenset[str]:
    found = set(lazy_pinyin("".join(map(chr, range(0x4E00, 0x9FA6)))))
    return frozenset(one for one in found if one.isascii() and (len(one) > 1 or one in "aeo"))


_LONGEST_SYLLABLE = 6
_MOST_READINGS = 6
# Of more there are too many readings to try.
_LONGEST_TYPED = 24
_MOST_TRIED = 12


def readings(text: str) -> list[str]:
    """What ``text``, typed in Latin letters, may be as the beginning of a `sort_name`: syllables with spaces between.

    ``zhangsan`` is ``zhang san``; ``xian`` is ``xian`` or ``xi an``. Empty for what is no pinyin. The last syllable may
    be begun only.
    """
    typed = " ".join(
        unicodedata.normalize("NFKC", text[:_LONGEST_TYPED]).casefold().replace("\u00fc", "v").replace("'", " ").split()
    )
    if not typed or not all((char.isascii() and char.isalpha()) or char == " " for char in typed):
        return []
    found: list[str] = [""]
    for part in typed.split(" "):
        found = [f"{left} {right}".strip() for left in found for right in _cut(part)]
    return list(dict.fromkeys(found))[:_MOST_READINGS]


def _cut(part: str) -> list[str]:
    known = _syllables_known()
    found: list[str] = []

    def go(done: list[str], rest: str) -> None:
        if len(found) >= _MOST_TRIED:
            return
        if not rest:
            found.append(" ".join(done))
            return
        for end in range(min(len(rest), _LONGEST_SYLLABLE), 0, -1):
            if rest[:end] in known:
                go([*done, rest[:end]], rest[end:])
        if any(one.startswith(rest) and one != rest for one in known):
            found.append(" ".join([*done, rest]))

    go([], part)
    return list(dict.fromkeys(found))
