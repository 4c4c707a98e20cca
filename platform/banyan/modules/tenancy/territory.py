"""Whether a branch office of an association is named after a territory.

Regulations on Registration and Administration of Social Organisations (社会团体登记管理条例; State Council, revised
in 2016), article 17: branch and representative offices of an association are parts of it and no legal persons; a branch
office sets up none of its own; an association sets up no territorial ones (社会团体不得设立地域性的分支机构).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from banyan.kernel.settings import data_dir

DIVISIONS, WORDS = "divisions.csv", "offices.csv"
LONGEST = 20
_BRACKETS = re.compile(r"[\uff08(][^\uff08\uff09()]*[\uff09)]\s*$")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Divisions:
    """Names of administrative divisions.

    :ivar names: in full. :ivar short: without the character that says their kind, and parts of the country that are no
        divisions and all the same territories. Of provinces and prefectures alone: those of counties are too often
        words of other meanings.
    """

    names: frozenset[str]
    short: frozenset[str]

    def with_names(self, more: Collection[str]) -> Divisions:
        """These and ``more`` full names."""
        return Divisions(self.names | frozenset(more), self.short) if more else self


@dataclass(frozen=True)
class Words:
    """What names are made of, out of ``tenants/offices.csv``.

    :ivar suffixes: characters that end a division's full name.
    :ivar endings: what a short name stands before in the name of a territorial office, as a pattern. “Pu'er tea branch”
        is about tea, and “Baiyin (silver) committee” about silver: a short name counts only where one follows at once.
    """

    suffixes: frozenset[str]
    regions: frozenset[str]
    endings: tuple[str, ...]


@cache
def words() -> Words:
    """The words of `WORDS`."""
    found: dict[str, list[str]] = {"suffix": [], "region": [], "ending": []}
    for row in _rows(WORDS):
        found[row["kind"]].append(row["text"])
    return Words(frozenset(found["suffix"]), frozenset(found["region"]), tuple(found["ending"]))


@cache
def known() -> Divisions:
    """Provinces, prefectures and counties of China, out of ``tenants/divisions.csv``."""
    rows = _rows(DIVISIONS)
    short = {row["short"] for row in rows if row["short"]}
    names = {row["name"] for row in rows}
    # Autonomous prefectures are mostly called by their short name and the last character of the full one.
    names |= {row["short"] + row["name"][-1] for row in rows if row["short"]}
    return Divisions(frozenset(names), frozenset(short | words().regions))


def _rows(name: str) -> list[dict[str, str]]:
    with (data_dir("tenants") / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def named_after(name: str, parents: Collection[str], divisions: Divisions) -> str:
    """The territory that the name of a branch office speaks of, as it stands there; empty when there is none.

    :param parents: names of its association, which may hold a division's name of their own.
    """
    rest = _own_part(_plain(name), parents)
    for piece in pieces(rest):
        if piece in divisions.names:
            return piece
    for found in _ended().finditer(rest):
        before = rest[: found.start()]
        for length in range(min(LONGEST, len(before)), 1, -1):
            if before[-length:] in divisions.short:
                return before[-length:]
    return ""


@cache
def _ended() -> re.Pattern[str]:
    return re.compile(f"(?={'|'.join(map(re.escape, words().endings))})")


def pieces(name: str) -> Iterator[str]:
    """Pieces of ``name`` that could be a division's full name, the longest first: what ends in a suffix."""
    suffixes = words().suffixes
    for end, character in enumerate(name, 1):
        if character in suffixes:
            for start in range(max(0, end - LONGEST), end - 1):
                yield name[start:end]


def _plain(name: str) -> str:
    return _SPACES.sub("", name)


def _own_part(name: str, parents: Collection[str]) -> str:
    """What of ``name`` is its own: without the association's name at the front, with or without its last brackets."""
    forms = {form for parent in parents for form in (_plain(parent), _plain(_BRACKETS.sub("", parent))) if form}
    for form in sorted(forms, key=len, reverse=True):
        if name.startswith(form):
            return name[len(form) :]
    return name
