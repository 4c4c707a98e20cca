"""What a field that an organisation adds itself may hold: pure functions, without a database (PPL-01).

A value is kept as text. Beside it stands a key, which is what is compared: case and widths of characters make no
difference, and the keys of numbers and dates stand in their order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pypinyin import lazy_pinyin

from banyan.kernel import masks
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {
    "text": lazy("Text"),
    "long_text": lazy("Long text"),
    "integer": lazy("Whole number"),
    "date": lazy("Date"),
    "boolean": lazy("Yes or no"),
    "choice": lazy("One of several"),
    "choices": lazy("Several of several"),
    "phone": lazy("Phone number"),
    "code": lazy("Number or code of a certain form"),
}
FILLED_BY: Mapping[str, Text] = {
    "branch": lazy("The member's organisation"),
    "member": lazy("The member, on a page of one's own"),
}
WITH_CHOICES = frozenset({"choice", "choices"})
UNIQUE_KINDS = frozenset({"text", "integer", "date", "phone", "code"})
RANGED_KINDS = frozenset({"integer", "date"})
KEY = re.compile(r"[a-z][a-z0-9_]{0,30}[a-z0-9]|[a-z]")
LONGEST: Mapping[str, int] = {"text": 200, "long_text": 2_000, "code": 60, "phone": 30}
BIGGEST = 10**12
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_WIDTH = 14
_CLASSES: Mapping[str, str] = {"9": "[0-9]", "A": "[A-Z]", "a": "[A-Za-z]", "*": "[A-Za-z0-9]"}


@dataclass(frozen=True, slots=True)
class Field:
    """A definition as a value: what forms, lists, imports and the API are made of.

    :ivar choices: value and label of each option, in their order. :ivar labels: label by language.
    """

    id: UUID
    org_id: UUID
    org_path: str
    key: str
    kind: str
    label: str
    labels: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    help: str = ""
    required: bool = False
    unique: bool = False
    sensitive: bool = False
    searchable: bool = False
    filled_by: str = "branch"
    position: int = 0
    archived: bool = False

    @property
    def several(self) -> bool:
        """Whether it holds a list."""
        return self.kind == "choices"

    @property
    def compared(self) -> bool:
        """Whether whole values are looked up: not of long texts, of sensitive ones only where that is wanted."""
        return self.kind != "long_text" and (not self.sensitive or self.searchable or self.unique)

    def said(self, language: str) -> str:
        """Its label in a language."""
        return dict(self.labels).get(language) or self.label


def key_of(label: str) -> str:
    """A key out of a label: its pinyin, or its letters."""
    words = "_".join(lazy_pinyin(unicodedata.normalize("NFKC", label).casefold()))
    plain = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:31].strip("_")
    return plain if KEY.fullmatch(plain) else f"field_{plain}"[:31].strip("_")


def compare_key(kind: str, value: str) -> str:
    """What is compared of a value: two values with one key are the same, and keys stand in the order of values."""
    if kind == "integer":
        return f"{int(value) + 10**_WIDTH:0{_WIDTH + 1}d}"
    if kind in ("date", "boolean", "choice", "choices"):
        return value
    if kind == "long_text":
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return "".join(folded.split()) if kind in ("phone", "code") else " ".join(folded.split())


def blind_form(value: str) -> str:
    """What the blind index of a sensitive value is made of, whatever its kind."""
    return "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())


def masked(kind: str, value: str) -> str:
    """A value of a sensitive field as everybody may see it; of a choice or a yes nothing is left."""
    if kind == "phone":
        return masks.phone(value)
    return masks.generic(value)


def to_text(kind: str, value: Any) -> str:
    """A loaded value as it is kept."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def from_text(kind: str, value: str) -> Any:
    """A kept value as the API shows it."""
    if kind == "boolean":
        return value == "true"
    return int(value) if kind == "integer" else value


def pattern_problems(pattern: str) -> list[Text]:
    """All that is wrong with a pattern: ``9`` a digit, ``A`` a capital, ``a`` a letter, ``*`` either, ``|`` or."""
    found: list[Text] = []
    if len(pattern) > 60:
        found.append(lazy("A pattern has at most 60 characters."))
    if pattern and not all(pattern.split("|")):
        found.append(lazy("A pattern ends with “|” or has two of them in a row."))
    if pattern and any(unicodedata.category(character)[0] in "CZ" for character in pattern):
        found.append(lazy("A pattern has no spaces."))
    return found


def expression(pattern: str) -> str:
    """A pattern as a regular expression; each of its places is one character, so that none takes long."""
    return "|".join("".join(_CLASSES.get(c, re.escape(c)) for c in way) for way in pattern.split("|"))


def matches(pattern: str, value: str) -> bool:
    """Whether a value has the form of a pattern; an empty pattern lets everything pass."""
    return not pattern or re.fullmatch(expression(pattern), value) is not None


def choice_problems(kind: str, choices: Sequence[Mapping[str, str]]) -> list[Text]:
    """All that is wrong with the options of a definition."""
    if kind not in WITH_CHOICES:
        return [lazy("Only a choice has options.")] if choices else []
    found: list[Text] = []
    labels = [one["label"].strip() for one in choices]
    if len(labels) < 2:
        found.append(lazy("A choice has at least two options."))
    if len(labels) > 100:
        found.append(lazy("A choice has at most 100 options."))
    if len({label.casefold() for label in labels}) != len(labels):
        found.append(lazy("Two options have the same name."))
    if any(not 1 <= len(label) <= 60 for label in labels):
        found.append(lazy("An option has between 1 and 60 characters."))
    return found


def numbered(choices: Sequence[Mapping[str, str]], used: Sequence[str] = ()) -> list[dict[str, str]]:
    """Options with a value each: those that have one keep it, new ones get the next number.

    :param used: values that were given before and are never given again.
    """
    taken = {*used, *(one["value"] for one in choices if one.get("value"))}
    numbers = [int(value[1:]) for value in taken if value[1:].isdecimal()]
    following = max(numbers, default=0)
    found: list[dict[str, str]] = []
    for one in choices:
        value = one.get("value") or ""
        if not value:
            following += 1
            value = f"c{following}"
        found.append({"value": value, "label": one["label"].strip()})
    return found
