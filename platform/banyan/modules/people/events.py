"""What this module tells others, and what the audit log calls its acts and fields. Payloads hold ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import choices, documents

ACTIONS: Mapping[str, Text] = {
    "people.member.create": lazy("Admitted a member"),
    "people.member.update": lazy("Edited a member's record"),
    "people.account.link": lazy("Gave a member an account"),
    "people.member.leave": lazy("Noted that a member left"),
    "people.member.restore": lazy("Restored a member"),
    "people.member.move": lazy("Moved a member to another organisation"),
}
FIELDS: Mapping[str, Text] = {
    "number": lazy("Member number"),
    "gender": lazy("Gender"),
    **{f"gender={key}": label for key, label in choices.GENDERS.items()},
    "ethnicity": lazy("Ethnicity"),
    **{f"ethnicity={key}": label for key, label in choices.ETHNICITIES.items()},
    "birth_date": lazy("Date of birth"),
    "document_type": lazy("Type of document"),
    **{f"document_type={key}": label for key, label in documents.TYPES.items()},
    "document_number": lazy("Document number"),
    "workplace": lazy("School or workplace"),
    "occupation": lazy("Occupation"),
    "education": lazy("Education"),
    **{f"education={key}": label for key, label in choices.EDUCATION.items()},
    "political_status": lazy("Political status"),
    **{f"political_status={key}": label for key, label in choices.POLITICAL_STATUS.items()},
    "interests": lazy("Interests"),
    "joined_on": lazy("Joined on"),
    "joining_place": lazy("Place of joining"),
    "admitted_on": lazy("Admitted on"),
    "member_status": lazy("Status of the member"),
    **{f"member_status={key}": label for key, label in choices.STATUSES.items()},
    "how": lazy("How"),
    **{f"how={key}": label for key, label in choices.CHANGES.items()},
}


@dataclass(frozen=True, slots=True)
class MemberAdmitted(Event):
    """A person became a member of an organisation; ``how`` is ``admission`` or ``import``."""

    NAME: ClassVar[str] = "people.member.admitted"
    member_id: str
    person_id: str
    how: str


@dataclass(frozen=True, slots=True)
class MembersImported(Event):
    """Members came in from a spreadsheet, told at the organisation that imported: ids of those who are new."""

    NAME: ClassVar[str] = "people.members.imported"
    member_ids: tuple[str, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class MemberChanged(Event):
    """A record changed; ``fields`` names what, never how."""

    NAME: ClassVar[str] = "people.member.changed"
    member_id: str
    person_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberLeft(Event):
    """A membership ended without another one; ``kind`` is ``left``, ``expelled``, ``deceased`` …"""

    NAME: ClassVar[str] = "people.member.left"
    member_id: str
    person_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class MemberRestored(Event):
    """Who had left is a member again."""

    NAME: ClassVar[str] = "people.member.restored"
    member_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class MemberMoved(Event):
    """A record went from one organisation to another; told at the new one. ``how`` is ``transfer`` or ``merge``."""

    NAME: ClassVar[str] = "people.member.moved"
    member_id: str
    person_id: str
    from_id: str
    to_id: str
    how: str


@dataclass(frozen=True, slots=True)
class PersonsMerged(Event):
    """Two persons turned out to be one."""

    NAME: ClassVar[str] = "people.persons.merged"
    kept: str
    gone: str


@dataclass(frozen=True, slots=True)
class PersonErased(Event):
    """Nothing readable about a person is left."""

    NAME: ClassVar[str] = "people.person.erased"
    person_id: str


TYPES = (
    MemberAdmitted,
    MembersImported,
    MemberChanged,
    MemberLeft,
    MemberRestored,
    MemberMoved,
    PersonsMerged,
    PersonErased,
)
