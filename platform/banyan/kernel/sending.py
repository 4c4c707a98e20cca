"""Messages that leave the platform: what a sender is, and the settings it works with.

A sender takes one channel. The platform brings SMTP, an SMS gateway over HTTP, webhooks, and for e-mail and SMS a page
that only the operator reads; a plugin brings others through the hook ``banyan_senders``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast
from urllib.parse import urlsplit
from uuid import UUID

Channel = Literal["email", "sms", "webhook"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "webhook")
PAGE = "page"
Security = Literal["starttls", "tls", "none"]
SMS_BODY = '{"phone": "{phone}", "text": "{text}", "id": "{id}"}'
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class SendingFailed(Exception):
    """It did not go out this time. :ivar final: trying again will not help: the address is wrong, or it is refused."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one recipient, as a sender gets it.

    :ivar id: of the message, the same at every try: providers that take such a key deliver it once.
    :ivar recipient: an e-mail address, a telephone number, or the address of a webhook.
    :ivar html: the same as ``body`` for those who read HTML; empty where there is none.
    :ivar secret: what a webhook's signature is made with. :ivar data: what else a webhook is told.
    """

    id: UUID
    recipient: str
    subject: str
    body: str
    html: str = ""
    link: str = ""
    secret: str = ""
    data: dict[str, Any] = field(default_factory=dict)


Send = Callable[[Letter], str]


class Sender(Protocol):
    """Sends messages of one channel.

    :ivar name: chosen by it in the settings (``BANYAN_EMAIL_SENDER``, ``BANYAN_SMS_SENDER``).
    :ivar repeatable: a message that is sent again under the same id arrives once. Others are not sent again when nobody
        knows whether they went out.
    """

    @property
    def name(self) -> str: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def repeatable(self) -> bool: ...

    def open(self) -> AbstractContextManager[Send]:
        """A connection for some messages: a function that sends one and returns the provider's id for it.

        Both raise `SendingFailed`; whatever else they raise counts as a failure that may pass.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sending:
    """How messages leave this installation.

    :ivar email: name of the sender (``BANYAN_EMAIL_SENDER``: ``page``, ``smtp``, or a plugin's).
    :ivar sms: likewise (``BANYAN_SMS_SENDER``: ``page``, ``http``, or a plugin's).
    :ivar smtp_from: what mail comes from (``BANYAN_SMTP_FROM``), with ``BANYAN_SMTP_HOST``, ``_PORT``, ``_SECURITY``
        (``starttls``, ``tls``, ``none``), ``_USER``, ``_PASSWORD``.
    :ivar sms_url: the gateway's address (``BANYAN_SMS_URL``). :ivar sms_body: the JSON it takes (``BANYAN_SMS_BODY``),
        with ``{phone} {text} {id}`` filled in. :ivar sms_secret: signs it (``BANYAN_SMS_SECRET``).
    :ivar sms_signature: stands before each text, as carriers demand it (``BANYAN_SMS_SIGNATURE``: 【…】).
    :ivar private: webhooks may lead to private addresses (``BANYAN_WEBHOOK_PRIVATE``).
    :ivar a_minute: messages a minute by channel (``BANYAN_EMAIL_PER_MINUTE`` …).
    """

    email: str = PAGE
    sms: str = PAGE
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Security = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""
    sms_url: str = ""
    sms_secret: str = field(default="", repr=False)
    sms_body: str = SMS_BODY
    sms_signature: str = ""
    private: bool = False
    a_minute: dict[str, int] = field(default_factory=lambda: dict(LIMITS))

    def sender(self, channel: Channel) -> str:
        """Name of the sender of ``channel``; webhooks have one only."""
        return {"email": self.email, "sms": self.sms}.get(channel, "webhook")


LIMITS: dict[str, int] = {"email": 600, "sms": 300, "webhook": 600}
_PORTS: dict[str, int] = {"starttls": 587, "tls": 465, "none": 25}


class Reader(Protocol):
    """What reads the environment; `banyan.kernel.settings` has it."""

    reasons: list[str]

    def text(self, name: str, default: str) -> str: ...

    def number(self, name: str, default: int, least: int, most: int) -> int: ...

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str: ...

    def flag(self, name: str, *, default: bool = False) -> bool: ...


def read(env: Reader) -> Sending:
    """Read the settings; what is wrong goes to ``env.reasons``, all of it."""
    host, url = env.text("BANYAN_SMTP_HOST", ""), env.text("BANYAN_SMS_URL", "")
    security = env.choice("BANYAN_SMTP_SECURITY", ("starttls", "tls", "none"), "starttls")
    found = Sending(
        email=env.text("BANYAN_EMAIL_SENDER", "smtp" if host else PAGE),
        sms=env.text("BANYAN_SMS_SENDER", "http" if url else PAGE),
        smtp_host=host,
        smtp_port=env.number("BANYAN_SMTP_PORT", _PORTS.get(security, 587), 1, 65_535),
        smtp_security=cast(Security, security),
        smtp_user=env.text("BANYAN_SMTP_USER", ""),
        smtp_password=env.text("BANYAN_SMTP_PASSWORD", ""),
        smtp_from=env.text("BANYAN_SMTP_FROM", ""),
        sms_url=url,
        sms_secret=env.text("BANYAN_SMS_SECRET", ""),
        sms_body=env.text("BANYAN_SMS_BODY", SMS_BODY),
        sms_signature=env.text("BANYAN_SMS_SIGNATURE", ""),
        private=env.flag("BANYAN_WEBHOOK_PRIVATE"),
        a_minute={
            channel: env.number(f"BANYAN_{channel.upper()}_PER_MINUTE", most, 1, 1_000_000)
            for channel, most in LIMITS.items()
        },
    )
    env.reasons.extend(_against(found))
    return found


def _against(found: Sending) -> list[str]:
    reasons = []
    if found.email == "smtp":
        if not found.smtp_host:
            reasons.append("BANYAN_SMTP_HOST is not set, and e-mail is to go by SMTP.")
        if not _ADDRESS.fullmatch(found.smtp_from):
            reasons.append(f"BANYAN_SMTP_FROM must be an e-mail address, not {found.smtp_from!r}.")
        if bool(found.smtp_user) != bool(found.smtp_password):
            reasons.append("BANYAN_SMTP_USER and BANYAN_SMTP_PASSWORD are set together or not at all.")
        if found.smtp_user and found.smtp_security == "none":
            reasons.append("BANYAN_SMTP_PASSWORD would be sent unencrypted: set BANYAN_SMTP_SECURITY.")
    if found.sms == "http":
        parts = urlsplit(found.sms_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            reasons.append(f"BANYAN_SMS_URL must be an address of http or https, not {found.sms_url!r}.")
        if len(found.sms_secret) < 16:
            reasons.append("BANYAN_SMS_SECRET must have at least 16 characters: it signs what the gateway gets.")
        if not _is_body(found.sms_body):
            reasons.append("BANYAN_SMS_BODY must be a JSON object with {phone} and {text} in its values.")
    return reasons


def _is_body(text: str) -> bool:
    try:
        body = json.loads(text)
    except ValueError:
        return False
    return isinstance(body, dict) and all(f"{{{name}}}" in text for name in ("phone", "text"))
