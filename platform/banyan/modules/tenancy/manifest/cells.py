"""The cells of a table: what a field of an organisation may hold, and formulas made harmless."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import cast

from marshmallow import ValidationError

from banyan.api.schemas import Text as CleanText
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.pinyin import normalised
from banyan.modules.tenancy.links import LINKS
from banyan.modules.tenancy.rules import in_future
from banyan.modules.tenancy.schemas import CODE, DIVISION, PHONE

FORMULA = frozenset("=+-@\t\r\n")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LENGTHS = {"name": (1, 100), "short_name": (0, 30), "person_in_charge": (0, 50)}
# The usual characters, which no normalisation touches: spares most cells the long way.
_PLAIN = re.compile("[!-~\u4e00-\u9fff]+")
_text = CleanText()


def guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: with an apostrophe before ``= + - @`` and control characters."""
    return "'" + value if _begins_formula(value) else value


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _begins_formula(cell) else cell


def _begins_formula(value: str) -> bool:
    return value.lstrip("'")[:1] in FORMULA if value else False


def clean(value: str) -> tuple[str, list[Text]]:
    """Text as it is kept (trimmed, NFC), and what is wrong with its characters."""
    if _PLAIN.fullmatch(value):
        return value, []
    if "\n" in value or "\t" in value:
        return value.strip(), [lazy("Line breaks and tabs are not allowed.")]
    try:
        return _text.deserialize(value), []
    except ValidationError as error:
        return value.strip(), [lazy(str(message)) for message in error.messages]


_code, _division, _phone = (cast("re.Pattern[str]", rule.regex) for rule in (CODE, DIVISION, PHONE))


def code_problems(code: str) -> list[Text]:
    """What is wrong with an organisation's code."""
    if not code:
        return [lazy("The code is missing.")]
    return [] if _code.match(code) else [lazy("“%(code)s” is no code: %(rule)s", code=code, rule=CODE.error)]


def field_problems(key: str, value: str, today: date) -> list[Text]:
    """What is wrong with ``value`` as the field ``key``, whose characters are clean."""
    if key in _LENGTHS:
        return _length_problems(key, value)
    if not value:
        return [lazy("The %(field)s is missing.", field=key)] if key in ("level", "type") else []
    if key == "division_code" and not _division.match(value):
        return [lazy("“%(value)s” is no division code: %(rule)s", value=value, rule=DIVISION.error)]
    if key == "phone" and not _phone.match(value):
        return [lazy("“%(value)s” is not a phone number.", value=value)]
    if key == "link" and value not in LINKS:
        return [lazy("“%(value)s” is no kind of link; there are: %(kinds)s.", value=value, kinds=", ".join(LINKS))]
    if key == "founded_on":
        return date_problems(value, today)
    return []


def _length_problems(key: str, value: str) -> list[Text]:
    least, most = _LENGTHS[key]
    if len(value) < least and not value:
        return [lazy("The %(field)s is missing.", field=key)]
    if not least <= len(value) <= most:
        return [lazy("The %(field)s must have %(least)s to %(most)s characters.", field=key, least=least, most=most)]
    if key == "name" and not any(map(str.isalnum, value)) and not normalised(value):
        return [lazy("The name holds neither letters nor digits.")]
    return []


@lru_cache(maxsize=10_000)
def date_problems(value: str, today: date) -> list[Text]:
    """What is wrong with a founding date."""
    try:
        day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        return [lazy("“%(value)s” is not a date; write it as 2024-05-31.", value=value)]
    return [lazy("The date %(value)s lies in the future.", value=value)] if in_future(day, today) else []
