"""What a table is made of, and its limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from banyan.kernel.errors import Invalid, Text


class Unreadable(Invalid):
    """A file that cannot be taken; the reason stands beside the field ``file``."""

    def __init__(self, reason: Text) -> None:
        super().__init__({"file": [reason]})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read.

    :ivar rows: below the headings. :ivar unpacked: bytes of a workbook's parts in all. :ivar parts: how many.
    :ivar ratio: how many times bigger than the file its parts may be. :ivar cells: the area between first and last.
    :ivar cell: characters in one.
    """

    rows: int = 100_000
    columns: int = 200
    unpacked: int = 400_000_000
    parts: int = 2_000
    ratio: int = 200
    cells: int = 4_000_000
    cell: int = 32_767


DEFAULT_LIMITS = Limits()
# Titles and notes above the headings.
ABOVE = 20


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell whose content a spreadsheet has spoilt.

    :ivar shown: what people see in it. :ivar reason: what is wrong, and what to do.
    """

    shown: str
    reason: Text


Cell = str | int | float | bool | date | datetime | time | timedelta | Flaw | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row. :ivar number: as people see it in the file, from 1."""

    number: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook. :ivar hidden: people do not see it."""

    name: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """A file that can be read.

    :ivar encoding: of a csv. :ivar delimiter: of a csv. :ivar skipped: lines of a csv that only instruct Excel.
    """

    kind: Literal["xlsx", "csv"]
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    delimiter: str = ""
    skipped: int = 0


# Invisible characters that come along when text is copied from chats and web pages.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\x00]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\r\n]+")
_PLAIN = re.compile("[!-~\u4e00-\u9fff]*")


def cleaned(text: str) -> str:
    """``text`` without invisible characters, unusual spaces made usual, trimmed."""
    if _PLAIN.fullmatch(text):
        return text
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def shown(cell: Cell) -> str:
    """A cell as people see it."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case Flaw():
            return cell.shown
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return number_shown(cell)
        case datetime():
            return cell.isoformat(" ", "seconds").removesuffix(" 00:00:00")
        case _:
            return str(cell)


# Excel keeps fifteen digits of a number.
EXACT = 10**15


def number_shown(number: float) -> str:
    """A number as Excel shows it: whole ones without a point, those beyond its precision with an exponent."""
    if abs(number) >= EXACT:
        mantissa, _, exponent = f"{number:.5E}".partition("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    return str(int(number)) if number == int(number) else repr(number)


def column_name(position: int) -> str:
    """The letters over a column: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def position_of(letters: str) -> int:
    """The position of a column by its letters: the inverse of `column_name`."""
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1
