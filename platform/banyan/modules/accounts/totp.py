"""Codes of authenticator apps (RFC 6238): pure functions over a secret, a code and the time."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from datetime import datetime

import pyotp

PERIOD = 30
DRIFT = 1
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_RECOVERY_LENGTH = 10


def new_secret() -> str:
    """A secret of 160 bits, as apps take it."""
    return pyotp.random_base32(32)


def uri(secret: str, name: str, issuer: str) -> str:
    """What the QR code of the set-up says."""
    return pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=name, issuer_name=issuer)


def step(now: datetime) -> int:
    """The number of the window that ``now`` lies in."""
    return int(now.timestamp()) // PERIOD


def matching_step(secret: str, typed: str, now: datetime, last: int) -> int | None:
    """The window that a code belongs to; None when it is wrong or not newer than the last one taken.

    Clocks may differ by one window either way. :param last: the window of the code that was taken last.
    """
    code = code_form(typed)
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    maker, present, found = pyotp.TOTP(secret, interval=PERIOD), step(now), None
    for candidate in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(maker.generate_otp(candidate), code) and candidate > last:
            found = candidate
    return found


def code_form(typed: str) -> str:
    """A code as it is compared: whatever width, spaces or hyphens it was typed with."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).lower()


def new_recovery_codes() -> list[str]:
    """Ten codes of fifty bits, in two groups."""
    drawn = ("".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{code[:5]}-{code[5:]}" for code in drawn]


def looks_like_recovery(typed: str) -> bool:
    """Whether what was typed has the form of a recovery code rather than of an app's code."""
    return len(code_form(typed)) == _RECOVERY_LENGTH
