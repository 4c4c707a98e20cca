"""What this module's acts and fields are called in the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

ACTIONS: Mapping[str, Text] = {
    "delivery.webhook.create": lazy("Set up a webhook"),
    "delivery.webhook.update": lazy("Edited a webhook"),
    "delivery.webhook.renew": lazy("Gave a webhook a new secret"),
    "delivery.webhook.test": lazy("Sent a test to a webhook"),
    "delivery.message.again": lazy("Sent a message again"),
}
FIELDS: Mapping[str, Text] = {"active": lazy("Switched on")}
