"""Webhooks: JSON to an address of an organisation's choice, signed with the secret it was given."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from banyan.kernel.sending import Channel, Letter, Send
from banyan.modules.delivery.senders.http import post, signed


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts to public addresses; to private ones only where the operator allows it."""

    private: bool = False
    channel: Channel = "webhook"
    name: str = "webhook"
    # Receivers know a message by its id: the same one twice is theirs to drop.
    repeatable: bool = True

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Each message is a request of its own."""
        yield self._send

    def _send(self, letter: Letter) -> str:
        said = {"id": str(letter.id), "title": letter.subject, "text": letter.body, "link": letter.link, **letter.data}
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = {"Banyan-Id": str(letter.id), **signed(letter.secret, int(time.time()), body)}
        return f"HTTP {post(letter.recipient, body, headers, private=self.private).status}"
