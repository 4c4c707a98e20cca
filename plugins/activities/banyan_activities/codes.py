"""Codes of attendance: what the organiser's screen shows, what a phone keeps for a moment, what a printed list carries.

All are signed with the activity's own secret. The code on the screen is of one window of half a minute by the server's
clock, and is good in that window and the next: a photograph of it is worth nothing a minute later, and the phone's own
clock is never asked. Whoever came with a code in time gets a ticket for a few minutes, bound to the account, so that
signing in or reading the page does not cost them their attendance; it cannot be passed on.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

WINDOW, KEPT_WINDOWS, TICKET = 30, 2, 300
_LENGTH = 20


def _signed(secret: bytes, *parts: object) -> str:
    return hmac.new(secret, "|".join(map(str, parts)).encode(), sha256).hexdigest()[:_LENGTH]


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def of_screen(secret: bytes, activity: UUID, at: datetime) -> str:
    """The code of the window that ``at`` is in."""
    window = int(at.timestamp()) // WINDOW
    return f"{window:x}-{_signed(secret, 'screen', activity, window)}"


def screen_holds(secret: bytes, activity: UUID, code: str, at: datetime) -> bool:
    """Whether ``code`` is of this window or the one before."""
    window, _dash, mac = code.partition("-")
    if not window.isalnum() or len(window) > 12:
        return False
    try:
        number = int(window, 16)
    except ValueError:
        return False
    age = int(at.timestamp()) // WINDOW - number
    return 0 <= age < KEPT_WINDOWS and _same(mac, _signed(secret, "screen", activity, number))


def ticket(secret: bytes, activity: UUID, account: UUID, at: datetime) -> str:
    """What a phone that came with a code in time gets, for `TICKET` seconds and this account."""
    until = int(at.timestamp()) + TICKET
    return f"{until:x}-{_signed(secret, 'ticket', activity, account, until)}"


def ticket_holds(secret: bytes, activity: UUID, account: UUID, code: str, at: datetime) -> bool:
    """Whether a ticket is this account's and has not run out."""
    until, _dash, mac = code.partition("-")
    try:
        end = int(until, 16)
    except ValueError:
        return False
    left = end - at.timestamp()
    return 0 <= left <= TICKET and _same(mac, _signed(secret, "ticket", activity, account, end))


def of_paper(secret: bytes, sign_up: UUID) -> str:
    """The code beside a name on the printed list; it says nothing by itself to who may not take attendance."""
    return _signed(secret, "paper", sign_up)


def paper_holds(secret: bytes, sign_up: UUID, code: str) -> bool:
    """Whether it is that name's."""
    return _same(code, of_paper(secret, sign_up))
