"""What is shown of a sensitive value to those who have not given a reason to see it (PPL-05).

Enough to recognise a value that one knows, never enough to learn one. Short or odd values are hidden whole.
"""

from __future__ import annotations

HIDDEN = "*"
# The dots of a masked address say nothing about its length.
_REST = "****"


def document(text: str) -> str:
    """``110*************37`` of an identity number; the last two characters of passports and permits."""
    if len(text) in (15, 18) and text[:-1].isdigit():
        return _between(text, 3, 2)
    return _between(text, 1, 2) if len(text) >= 7 else HIDDEN * len(text)


def phone(text: str) -> str:
    """``138****5678`` of a mobile number; of others the last two digits."""
    digits = text.removeprefix("+86")
    if len(digits) == 11 and digits.isdigit() and digits.startswith("1"):
        return text[: len(text) - 11] + _between(digits, 3, 4)
    return _between(text, 0, 2) if len(text) >= 7 else HIDDEN * len(text)


def email(text: str) -> str:
    """``z****@example.org``: the first character and where it is delivered."""
    name, at, place = text.rpartition("@")
    if not at or not name:
        return generic(text)
    return f"{name[0] if len(name) > 1 else HIDDEN}{_REST}@{place}"


def address(text: str) -> str:
    """The first six characters, which say the region and not the door."""
    return text[:6] + _REST if len(text) > 9 else generic(text)


def generic(text: str) -> str:
    """Nothing but that there is something."""
    return _REST if text else ""


def _between(text: str, before: int, after: int) -> str:
    return text[:before] + HIDDEN * (len(text) - before - after) + text[len(text) - after :]
