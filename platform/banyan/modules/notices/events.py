"""What this module tells others, and what the audit log calls its acts and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.notices.rules import IMPORTANCE, KINDS, STATES

ACTIONS: Mapping[str, Text] = {
    "notices.notice.create": lazy("Wrote a notice"),
    "notices.notice.update": lazy("Edited a notice"),
    "notices.notice.delete": lazy("Threw a draft away"),
    "notices.notice.submit": lazy("Sent a notice for approval"),
    "notices.notice.schedule": lazy("Scheduled a notice"),
    "notices.notice.publish": lazy("Published a notice"),
    "notices.notice.withdraw": lazy("Withdrew a notice"),
    "notices.notice.remind": lazy("Reminded of a notice"),
    "notices.file.download": lazy("Fetched a file of a notice"),
    "notices.emergency.announce": lazy("Sounded the alarm"),
    "notices.emergency.end": lazy("Took an alarm down"),
}
FIELDS: Mapping[str, Text] = {
    "title": lazy("Title"),
    "importance": lazy("Importance"),
    **{f"importance={key}": label for key, label in IMPORTANCE.items()},
    **{f"kind={key}": label for key, label in KINDS.items()},
    **{f"state={key}": label for key, label in STATES.items()},
    "confirm": lazy("To be taken note of"),
    "public": lazy("Public"),
    "channels": lazy("Also by"),
    "audience": lazy("For whom"),
    "publish_at": lazy("To be published at"),
    "valid_until": lazy("Valid until"),
    "reminded": lazy("Reminded"),
    "replaced": lazy("Replaces an earlier version"),
}


@dataclass(frozen=True, slots=True)
class NoticePublished(Event):
    """A notice is out."""

    NAME: ClassVar[str] = "notices.notice.published"
    notice_id: str
    kind: str
    importance: str


@dataclass(frozen=True, slots=True)
class NoticeWithdrawn(Event):
    """A notice no longer holds."""

    NAME: ClassVar[str] = "notices.notice.withdrawn"
    notice_id: str


TYPES = (NoticePublished, NoticeWithdrawn)
