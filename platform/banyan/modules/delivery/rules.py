"""What can be said of messages without a database: which addresses are addresses, when to try again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.sending import Channel

CHANNELS: Mapping[str, Text] = {"email": lazy("E-mail"), "sms": lazy("SMS"), "webhook": lazy("Webhook")}
STATES: Mapping[str, Text] = {
    "queued": lazy("Waiting"),
    "sending": lazy("Being sent"),
    "sent": lazy("Sent"),
    "failed": lazy("Will be tried again"),
    "given_up": lazy("Given up"),
    "withdrawn": lazy("Taken back before sending"),
}
TONES: Mapping[str, str] = {"sent": "ok", "failed": "warn", "given_up": "seal"}
WAITING = ("queued", "failed")
_PAUSES = (1, 5, 30, 120, 360, 720)
MOST_TRIES = len(_PAUSES) + 1
KEPT = timedelta(days=90)
LATELY = timedelta(days=2)
# A worker that holds a message for longer has died: no sender takes that long for one.
HELD_AT_MOST = timedelta(minutes=10)
LONGEST_SMS = 450
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?")
_PHONE = re.compile(r"(?:\+86|0086)?(1[3-9]\d{9})")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")


def pause(tries: int) -> timedelta | None:
    """How long to wait after the ``tries``-th failure; None: it is given up."""
    return timedelta(minutes=_PAUSES[tries - 1]) if tries < MOST_TRIES else None


def address(channel: Channel, text: str) -> str | None:
    """``text`` as it can be sent to; None where it is no address of this channel."""
    text = text.strip()
    if channel == "email":
        well = _EMAIL.fullmatch(text) and ".." not in text and "." in text.rpartition("@")[2]
        return text if well else None
    if channel == "sms":
        digits = re.sub(r"[\s()-]", "", text)
        mainland = _PHONE.fullmatch(digits)
        if mainland:
            return mainland[1]
        return digits if _ABROAD.fullmatch(digits) else None
    return text or None


def short(subject: str, body: str, link: str, signature: str) -> str:
    """What an SMS says: one line, no longer than carriers take, always with its link."""
    line = " ".join(f"{subject}：{body}".split() if body else subject.split())
    left = LONGEST_SMS - len(signature) - len(link) - 1
    if len(line) > left:
        line = line[: left - 1] + "…"
    return f"{signature}{line} {link}".rstrip()
