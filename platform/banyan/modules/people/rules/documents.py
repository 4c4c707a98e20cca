"""Documents of identity: GB 11643 numbers with all they say, passports and permits by their form.

Numbers of citizens and of residents of Hong Kong, Macao and Taiwan (regions 81, 82, 83) end in a check digit of
ISO 7064 MOD 11-2 and hold the date of birth and the gender. Numbers of fifteen digits, as they were given until 1999,
are converted: the century is the twentieth, the check digit is reckoned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

RESIDENT, RESIDENCE = "resident_id", "residence_permit"
TYPES: Mapping[str, Text] = {
    RESIDENT: lazy("Resident identity card"),
    RESIDENCE: lazy("Residence permit of Hong Kong, Macao and Taiwan residents"),
    "hk_macao_permit": lazy("Mainland travel permit of Hong Kong and Macao residents"),
    "taiwan_permit": lazy("Mainland travel permit of Taiwan residents"),
    "passport": lazy("Passport"),
}
# Provinces by the first two digits of GB/T 2260.
PROVINCES = frozenset(
    f"{region}{province}"
    for region, provinces in {
        "1": "12345",
        "2": "123",
        "3": "1234567",
        "4": "123456",
        "5": "01234",
        "6": "12345",
        "7": "1",
    }.items()
    for province in provinces
)
RESIDENTS_OF = frozenset({"81", "82", "83"})
EARLIEST = date(1900, 1, 1)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_LONG, _OLD = re.compile(r"[0-9]{17}[0-9X]"), re.compile(r"[0-9]{15}")
_FORMS = {
    "hk_macao_permit": re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    "taiwan_permit": re.compile(r"[0-9]{8}(?:[0-9]{2})?"),
    "passport": re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}"),
}
_SPACING = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a number says about its holder."""

    birth_date: date
    gender: str


def check_digit(first: str) -> str:
    """The eighteenth character after seventeen digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def converted(old: str) -> str:
    """The number of eighteen digits that replaced one of fifteen."""
    first = f"{old[:6]}19{old[6:]}"
    return first + check_digit(first)


def normalised(kind: str, number: str) -> str:
    """``number`` as it is kept: plain digits and capitals, without spaces and dashes, old numbers converted."""
    plain = _SPACING.sub("", unicodedata.normalize("NFKC", number)).upper()
    if kind == "hk_macao_permit":
        plain = plain.replace("(", "").replace(")", "")
    return converted(plain) if _holds_facts(kind) and _OLD.fullmatch(plain) else plain


def _holds_facts(kind: str) -> bool:
    return kind in (RESIDENT, RESIDENCE)


def has_form(kind: str, number: str) -> bool:
    """Whether a normalised number looks like one of this kind."""
    return bool((_LONG if _holds_facts(kind) else _FORMS[kind]).fullmatch(number))


def facts(kind: str, number: str) -> Facts | None:
    """What a normalised number says about its holder; None for documents that say nothing, or a broken date."""
    if not _holds_facts(kind) or not _LONG.fullmatch(number):
        return None
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return Facts(born, "male" if int(number[16]) % 2 else "female")


def problems(kind: str, number: str, today: date) -> list[Text]:
    """Everything that is wrong with a normalised number of a document of this kind."""
    if kind not in TYPES:
        return [lazy("Choose the type of the document.")]
    if not _holds_facts(kind):
        return [] if _FORMS[kind].fullmatch(number) else [_FORM_MESSAGES[kind]]
    if not _LONG.fullmatch(number):
        return [lazy("An identity number has 18 digits, of which the last may be an X, or 15 digits.")]
    return [*_region(kind, number), *_birth(kind, number, today), *_check(number)]


_FORM_MESSAGES: Mapping[str, Text] = {
    "hk_macao_permit": lazy("This permit has the letter H or M and 8 or 10 digits."),
    "taiwan_permit": lazy("This permit has 8 or 10 digits."),
    "passport": lazy("A passport number has 5 to 15 letters and digits."),
}


def _region(kind: str, number: str) -> list[Text]:
    if kind == RESIDENT and number[:2] in RESIDENTS_OF:
        return [lazy("Numbers that begin with 81, 82 or 83 are those of residence permits. Choose that type.")]
    if number[:2] not in (PROVINCES if kind == RESIDENT else RESIDENTS_OF):
        if kind == RESIDENCE:
            return [lazy("The number of such a residence permit begins with 81, 82 or 83.")]
        return [lazy("No province has the digits %(digits)s with which this number begins.", digits=number[:2])]
    return []


def _birth(kind: str, number: str, today: date) -> list[Text]:
    known = facts(kind, number)
    if known is None:
        return [lazy("The date of birth in this number, %(digits)s, does not exist.", digits=number[6:14])]
    return birth_problems(known.birth_date, today, in_number=True)


def birth_problems(born: date, today: date, *, in_number: bool = False) -> list[Text]:
    """What is wrong with a date of birth. :param in_number: it was read in the number of a document."""
    if born > today:
        return [lazy("The date of birth in this number lies in the future.") if in_number else FUTURE]
    if born < EARLIEST:
        return [lazy("The date of birth in this number lies before 1900.") if in_number else BEFORE_1900]
    return []


FUTURE: Text = lazy("This date lies in the future.")
BEFORE_1900: Text = lazy("This date lies before 1900.")


def _check(number: str) -> list[Text]:
    if number[17] == check_digit(number[:17]):
        return []
    return [lazy("The last character does not fit the others: a digit was mistyped.")]
