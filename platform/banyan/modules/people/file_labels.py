"""What the kinds of a timeline are called."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

TIMELINE_KINDS: Mapping[str, Text] = {
    "people.membership": lazy("Membership"),
    "people.post": lazy("Post"),
    "people.award": lazy("Award"),
    "people.measure": lazy("Disciplinary measure"),
    "people.certificate": lazy("Certificate"),
    "people.change": lazy("Change of the record"),
    "people.merge": lazy("Records put together"),
}
