"""What this module tells others, and what the audit log calls its acts and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.privacy.rules import ASKERS, KINDS, REASONS, REGISTERS, RELATIONS, STATES

ACTIONS: Mapping[str, Text] = {
    "privacy.member.reveal": lazy("Looked at sensitive data in clear"),
    "privacy.export.start": lazy("Began an export with sensitive data in clear"),
    "privacy.export.done": lazy("Exported sensitive data in clear"),
    "privacy.looks.many": lazy("Many looks at sensitive data in a day"),
    "privacy.copy.start": lazy("Asked for a copy of all data held about a person"),
    "privacy.copy.done": lazy("Made a copy of all data held about a person"),
    "privacy.copy.download": lazy("Fetched a copy of all data held about a person"),
    "privacy.erasure.start": lazy("Asked for the erasure of personal data"),
    "privacy.erasure.approve": lazy("Agreed to the erasure of personal data"),
    "privacy.erasure.reject": lazy("Did not agree to the erasure of personal data"),
    "privacy.erasure.withdraw": lazy("Withdrew a request for erasure"),
    "privacy.erasure.done": lazy("Erased personal data"),
    "privacy.notice.create": lazy("Wrote a privacy notice"),
    "privacy.notice.update": lazy("Edited a privacy notice"),
    "privacy.notice.publish": lazy("Published a privacy notice"),
    "privacy.consent.give": lazy("Agreed to a privacy notice"),
    "privacy.consent.withdraw": lazy("Withdrew consent"),
    "privacy.guardian.create": lazy("Recorded a guardian’s consent"),
    "privacy.guardian.withdraw": lazy("Recorded that a guardian’s consent was withdrawn"),
    "privacy.guardian.download": lazy("Fetched the paper of a guardian’s consent"),
    "privacy.register.create": lazy("Entered something in a register of data protection"),
    "privacy.register.update": lazy("Edited a register of data protection"),
    "privacy.register.delete": lazy("Deleted from a register of data protection"),
    "privacy.register.download": lazy("Fetched a document of a register of data protection"),
    "privacy.breach.create": lazy("Entered a data breach"),
    "privacy.breach.update": lazy("Edited a data breach"),
}
FIELDS: Mapping[str, Text] = {
    "look_fields": lazy("Fields"),
    "look_reason": lazy("Looked at for"),
    **{f"look_reason={key}": label for key, label in REASONS.items()},
    "look_note": lazy("Why"),
    "members_number": lazy("Number of members"),
    "data_request": lazy("Request about personal data"),
    **{f"data_request={key}": label for key, label in KINDS.items()},
    "asked_how": lazy("Asked by"),
    **{f"asked_how={key}": label for key, label in ASKERS.items()},
    "request_state": lazy("State"),
    **{f"request_state={key}": label for key, label in STATES.items()},
    "erased_rows": lazy("Rows erased"),
    "not_answered": lazy("Modules that did not answer"),
    "consent": lazy("Consent"),
    "consent=notice": lazy("Privacy notice"),
    "consent=sensitive": lazy("Sensitive data"),
    "notice_number": lazy("Version"),
    "relation": lazy("Relation"),
    **{f"relation={key}": label for key, label in RELATIONS.items()},
    "consented_on": lazy("Day of the consent"),
    "register": lazy("Register"),
    **{f"register={key}": label for key, label in REGISTERS.items()},
    "purpose": lazy("Purpose"),
    "basis": lazy("Legal basis"),
    "categories": lazy("Categories of data"),
    "retention": lazy("How long it is kept"),
    "measures": lazy("Measures"),
    "party": lazy("Who"),
    "keep_until": lazy("Kept at least until"),
    "people": lazy("Number of people concerned"),
    "found_at": lazy("Found at"),
    "authority": lazy("Authority"),
    "authority_told_at": lazy("Authority told at"),
    "people_told_at": lazy("People told at"),
    "closed_at": lazy("Closed at"),
    "looks": lazy("Looks"),
}


@dataclass(frozen=True, slots=True)
class DataSeen(Event):
    """Somebody saw sensitive data of a member in clear."""

    NAME: ClassVar[str] = "privacy.data.seen"
    member_id: str
    account_id: str
    how: str


@dataclass(frozen=True, slots=True)
class ManyLooksSeen(Event):
    """An account looked at more members in a day than the organisation's setting says."""

    NAME: ClassVar[str] = "privacy.looks.many"
    account_id: str
    looks: int


@dataclass(frozen=True, slots=True)
class DataRequestChanged(Event):
    """A copy or an erasure was asked for, or has come further."""

    NAME: ClassVar[str] = "privacy.request.changed"
    request_id: str
    person_id: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class NoticePublished(Event):
    """A new version of a privacy notice holds from now on."""

    NAME: ClassVar[str] = "privacy.notice.published"
    notice_id: str
    number: int


@dataclass(frozen=True, slots=True)
class BreachEntered(Event):
    """A data breach was entered; the authority has to be told by ``due_at``."""

    NAME: ClassVar[str] = "privacy.breach.entered"
    breach_id: str
    due_at: str
    tell_people: bool


EVENTS = (DataSeen, ManyLooksSeen, DataRequestChanged, NoticePublished, BreachEntered)
