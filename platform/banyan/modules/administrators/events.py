"""What applications tell others, and what their actions and fields are called in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy

STATES: Mapping[str, Text] = {
    "draft": lazy("Not sent yet"),
    "sent": lazy("Waiting for a decision"),
    "returned": lazy("Returned for correction"),
    "approved": lazy("Approved"),
    "rejected": lazy("Rejected"),
    "withdrawn": lazy("Taken back"),
}
ORIGINS: Mapping[str, Text] = {
    "own": lazy("By the organisation itself"),
    "paper": lazy("On paper, entered above"),
    "invited": lazy("By invitation"),
}


@dataclass(frozen=True, slots=True)
class ApplicationChanged(Event):
    """An application for an administrator account came into another state."""

    NAME: ClassVar[str] = "administrators.application.changed"
    application_id: str
    state: str


ACTIONS: Mapping[str, Text] = {
    "administrators.application.create": lazy("Application for an administrator account filled in"),
    "administrators.application.update": lazy("Application for an administrator account corrected"),
    "administrators.application.scan": lazy("Sealed form uploaded"),
    "administrators.application.send": lazy("Application sent to the level above"),
    "administrators.application.return": lazy("Application returned for correction"),
    "administrators.application.approve": lazy("Application approved, account opened"),
    "administrators.application.reject": lazy("Application rejected"),
    "administrators.application.withdraw": lazy("Application withdrawn"),
    "administrators.application.renew": lazy("Set-up code made valid again"),
    "administrators.invitation.create": lazy("Invitation to apply issued"),
    "administrators.invitation.withdraw": lazy("Invitation to apply withdrawn"),
    "administrators.receipt.create": lazy("Receipt code given out"),
    "administrators.key.use": lazy("Invitation or receipt code tried"),
}
FIELDS: Mapping[str, Text] = {
    "administrator": lazy("New administrator"),
    "administrator_phone": lazy("Administrator's phone"),
    "replaces": lazy("In place of"),
    "opinion": lazy("Opinion"),
    "origin": lazy("How it came in"),
    "scan": lazy("Sealed form"),
    "state": lazy("State"),
    **{f"state={key}": label for key, label in STATES.items()},
    **{f"origin={key}": label for key, label in ORIGINS.items()},
}
