"""Phone numbers and e-mail addresses as they are kept and compared."""

from __future__ import annotations

import re
import unicodedata

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

_SPACING = re.compile(r"[\s().\-\u2010-\u2015\u2212]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_OTHER = re.compile(r"\+?[0-9]{5,15}")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]+\.[^\s@<>\"(),:;\\.]{2,}")
LONGEST_EMAIL = 254


def phone(text: str) -> str:
    """``text`` as a phone number is kept: digits, a plus in front of a foreign country's, without +86."""
    digits = _SPACING.sub("", unicodedata.normalize("NFKC", text))
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    return digits


def phone_problems(number: str) -> list[Text]:
    """What is wrong with a number that `phone` made."""
    if _MOBILE.fullmatch(number) or (_OTHER.fullmatch(number) and not (len(number) == 11 and number[0] == "1")):
        return []
    return [lazy("This is no phone number: 11 digits of a mobile phone, or area code and number.")]


def email(text: str) -> str:
    """``text`` as an e-mail address is kept: the host in small letters."""
    name, at, host = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    return name + at + host.lower()


def email_problems(address: str) -> list[Text]:
    """What is wrong with an address that `email` made."""
    if len(address) <= LONGEST_EMAIL and _EMAIL.fullmatch(address):
        return []
    return [lazy("This is no e-mail address.")]
