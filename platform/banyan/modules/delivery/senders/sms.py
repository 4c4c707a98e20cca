"""SMS through a gateway over HTTP: any that takes JSON, signed with a secret both know."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from banyan.kernel.sending import Channel, Letter, Send, Sending
from banyan.modules.delivery import rules
from banyan.modules.delivery.senders.http import post, signed


@dataclass(frozen=True, slots=True)
class GatewaySender:
    """Posts what ``BANYAN_SMS_BODY`` says; the operator chose the address, so that it may be a private one."""

    settings: Sending
    channel: Channel = "sms"
    name: str = "http"
    repeatable: bool = False

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Each message is a request of its own."""
        yield self._send

    def _send(self, letter: Letter) -> str:
        settings = self.settings
        text = rules.short(letter.subject, letter.body, letter.link, settings.sms_signature)
        body = filled(settings.sms_body, {"phone": letter.recipient, "text": text, "id": str(letter.id)})
        headers = {"Idempotency-Key": str(letter.id), **signed(settings.sms_secret, int(time.time()), body)}
        answer = post(settings.sms_url, body, headers, private=True)
        return _id(answer.body)


def filled(template: str, values: dict[str, str]) -> bytes:
    """The JSON of ``template`` with ``{name}`` in its values filled in."""

    def fill(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {key: fill(value) for key, value in inner.items()}
        if isinstance(inner, list):
            return [fill(value) for value in inner]
        if isinstance(inner, str):
            for name, value in values.items():
                if inner == f"{{{name}}}":
                    return value
                inner = inner.replace(f"{{{name}}}", value) if f"{{{name}}}" in inner else inner
        return inner

    return json.dumps(fill(json.loads(template)), ensure_ascii=False).encode()


def _id(answer: bytes) -> str:
    """What the gateway calls the message, under one of the usual names."""
    try:
        said = json.loads(answer)
    except ValueError:
        return ""
    found = next((said[name] for name in ("id", "message_id", "msgid", "sid") if name in said), "") if _is(said) else ""
    return str(found)[:100]


def _is(said: object) -> bool:
    return isinstance(said, dict)
