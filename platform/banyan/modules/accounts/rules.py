"""What sign-in names, passwords and registration codes must be: pure functions."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.accounts import strength

LONGEST_PASSWORD = strength.LONGEST
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
ENDS_SOON = timedelta(days=14)
CODE_LIFETIME = timedelta(hours=20 * 24)
_NAME = re.compile(r"[0-9a-z\u3400-\u9fff][0-9a-z\u3400-\u9fff._@-]{2,63}")
# The first mark found wins: later browsers and systems also claim to be the earlier ones.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def sign_in_name(typed: str) -> str:
    """A sign-in name as it is kept and compared: without spaces around it, NFKC, case-folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed.strip()).casefold())


def sign_in_name_problems(name: str) -> list[Text]:
    """What is wrong with a sign-in name that is already in its kept form."""
    if _NAME.fullmatch(name):
        return []
    return [lazy("3 to 64 letters a–z, digits, Chinese characters, or . _ @ -, beginning with none of these signs.")]


def password_problems(typed: str, name: str, *more: str) -> list[Text]:
    """Every reason against a password for the account called ``name``.

    :param more: what else is known of it: its holder's name and phone, its organisation.
    """
    return strength.problems(typed, (sign_in_name(name), *more))


def new_code() -> str:
    """A fresh registration code: eight characters that are not mistaken for each other."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def code_form(typed: str) -> str:
    """A code as it is hashed: whatever case, spaces or hyphens it was typed with."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).upper()


def shown_code(code: str) -> str:
    """A code as it is read out: in two groups."""
    return f"{code[:4]}-{code[4:]}"


def browser_family(agent: str) -> str:
    """Browser and system of a ``User-Agent`` without versions, where both are known; else nothing.

    It stays the same while a browser updates itself, and differs when a cookie is used somewhere else.
    """
    known = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(known) if all(known) else ""


def browser_name(agent: str) -> str:
    """What people call the browser and system of a ``User-Agent``; as it is where neither is known."""
    known = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known)) or agent[:60] or "—"


def token_state(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> str:
    """How a token stands at ``now``: ``valid``, ``ending`` (soon), ``expired`` or ``revoked``."""
    if revoked_at is not None:
        return "revoked"
    if expires_at is None or expires_at > now + ENDS_SOON:
        return "valid"
    return "ending" if expires_at > now else "expired"


def code_expiry(now: datetime) -> datetime:
    """When a code issued at ``now`` ends: 20 × 24 hours later."""
    return now + CODE_LIFETIME
