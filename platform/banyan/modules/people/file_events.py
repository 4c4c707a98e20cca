"""What the file of members tells others, and what the audit log calls its acts and fields. Payloads hold ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import entries, posts

ACTIONS: Mapping[str, Text] = {
    "people.post.create": lazy("Noted a post"),
    "people.post.update": lazy("Corrected a post"),
    "people.post.end": lazy("Ended a post"),
    "people.entry.create": lazy("Put an entry into a member's file"),
    "people.entry.withdraw": lazy("Withdrew an entry of a member's file"),
    "people.entry.reveal": lazy("Opened what a measure was for"),
    "people.document.download": lazy("Fetched a document of a member's file"),
    "people.record.review": lazy("Reviewed a member's record"),
    "people.record.resubmit": lazy("Handed a member's record in again"),
    "people.person.merge": lazy("Put two persons' records together"),
}
FIELDS: Mapping[str, Text] = {
    "post_title": lazy("Post"),
    "post_kind": lazy("Kind of post"),
    **{f"post_kind={key}": label for key, label in posts.KINDS.items()},
    "post_began_on": lazy("Since"),
    "post_began_by": lazy("How it began"),
    **{f"post_began_by={key}": label for key, label in posts.BEGINNINGS.items()},
    "term_ends": lazy("End of the term"),
    "basis": lazy("Number of the document"),
    "post_ended_on": lazy("Last day"),
    "post_ended_by": lazy("How it ended"),
    **{f"post_ended_by={key}": label for key, label in posts.ENDINGS.items()},
    "entry_kind": lazy("Kind of entry"),
    **{f"entry_kind={key}": label for key, label in entries.KINDS.items()},
    "entry_title": lazy("Title"),
    "issued_by": lazy("Issued by"),
    "entry_day": lazy("Day"),
    "entry_until": lazy("Holds until"),
}


@dataclass(frozen=True, slots=True)
class PostOpened(Event):
    """A member holds a post at the organisation where this is told."""

    NAME: ClassVar[str] = "people.post.opened"
    post_id: str
    member_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class PostEnded(Event):
    """A post has ended; ``how`` is one of the endings of `rules.posts`."""

    NAME: ClassVar[str] = "people.post.ended"
    post_id: str
    member_id: str
    person_id: str
    how: str


@dataclass(frozen=True, slots=True)
class EntryRecorded(Event):
    """An award, a measure or a certificate was put into a member's file."""

    NAME: ClassVar[str] = "people.entry.recorded"
    entry_id: str
    member_id: str
    person_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class EntryWithdrawn(Event):
    """An entry of a member's file does not hold any more."""

    NAME: ClassVar[str] = "people.entry.withdrawn"
    entry_id: str
    member_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class RecordReviewed(Event):
    """A record was looked over; ``outcome`` is ``accepted`` or ``returned``."""

    NAME: ClassVar[str] = "people.record.reviewed"
    member_id: str
    person_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RecordResubmitted(Event):
    """A record that was returned waits for its review again."""

    NAME: ClassVar[str] = "people.record.resubmitted"
    member_id: str
    person_id: str


TYPES = (PostOpened, PostEnded, EntryRecorded, EntryWithdrawn, RecordReviewed, RecordResubmitted)
