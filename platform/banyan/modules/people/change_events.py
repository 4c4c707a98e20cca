"""What changes by members tell others, and what the audit log calls them. Payloads hold ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import changes as rules

ACTIONS: Mapping[str, Text] = {
    "people.change.confirm": lazy("Checked a change that a member made"),
    "people.change.put_back": lazy("Put back a change that a member made"),
    "people.change.show": lazy("Read sensitive values of a change in clear"),
    "people.own.show": lazy("Read own sensitive values in clear"),
    "people.own.update": lazy("Changed own contact or interests"),
    "people.own.correct": lazy("Corrected the own record, which had been returned"),
    "people.own.agreed": lazy("Changed a member's record as the member asked"),
}
FIELDS: Mapping[str, Text] = {
    "changed_item": lazy("What changes"),
    **{f"changed_item={key}": label for key, label in rules.LABELS.items()},
    "change_state": lazy("State of the change"),
    **{f"change_state={key}": label for key, label in rules.STATES.items()},
}


@dataclass(frozen=True, slots=True)
class ChangeAsked(Event):
    """A member asked for changes of the record."""

    NAME: ClassVar[str] = "people.change.asked"
    member_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ChangeAnswered(Event):
    """What a member asked for was answered, item by item."""

    NAME: ClassVar[str] = "people.change.answered"
    member_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ChangeChecked(Event):
    """What a member changed was checked; ``state`` is ``confirmed`` or ``put_back``."""

    NAME: ClassVar[str] = "people.change.checked"
    member_id: str
    change_id: str
    state: str


TYPES = (ChangeAsked, ChangeAnswered, ChangeChecked)
