"""Two records side by side: in which fields they differ, as they may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.events import FIELDS as LABELS
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import PERSON_MERGE
from banyan.modules.people.rules import records
from banyan.modules.people.services import members, values

# A document's number goes with its type; when somebody came here stays that of the record that remains.
COMPARED = tuple(key for key in ("name", *records.FIELDS[1:]) if key not in ("document_type", "admitted_on", "number"))
# What a record says of sensitive fields has no word in the audit log's list.
SAID: Mapping[str, Text] = {
    "name": lazy("Full name"),
    "phone": lazy("Phone"),
    "email": lazy("E-mail"),
    "address": lazy("Postal address"),
}


def label(key: str) -> Text:
    """What a field of a record is called."""
    return SAID[key] if key in SAID else LABELS.get(key, key)


@dataclass(frozen=True, slots=True)
class Compared:
    """A field of two records.

    :ivar kept: its value in the record that remains, readable and masked. :ivar filled: the other has what this lacks.
    """

    key: str
    label: Text
    kept: str
    gone: str
    differs: bool
    filled: bool


def pair(ctx: Context, kept_id: UUID, gone_id: UUID) -> tuple[Member, Member]:
    """The record that remains and the one that does not, if both are within reach.

    :raises Invalid: it is one and the same record. :raises NotFound: :raises Forbidden: at either organisation.
    """
    if kept_id == gone_id:
        raise Invalid({"gone": [lazy("Choose two different records.")]})
    kept, gone = (members.find(ctx, one, PERSON_MERGE) for one in (kept_id, gone_id))
    for member in (kept, gone):
        if not member.org_path.startswith(ctx.here.path):
            raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return kept, gone


def compared(kept: Member, gone: Member) -> Sequence[Compared]:
    """All fields of the two, as they may be shown."""
    ours, theirs = values.record_of(kept), values.record_of(gone)
    found = []
    for key in COMPARED:
        one, other = ours.get(key) or "", theirs.get(key) or ""
        found.append(
            Compared(
                key=key,
                label=label(key),
                kept=readable(key, ours),
                gone=readable(key, theirs),
                differs=one != other or (key == "document_number" and ours["document_type"] != theirs["document_type"]),
                filled=not one and bool(other),
            )
        )
    return found


def readable(key: str, record: dict[str, object]) -> str:
    """A value of a record as people read it: choices by their labels, what is sensitive masked."""
    value = record.get(key)
    if key in values.COLUMNS:
        return values.masked(key, None if value is None else str(value))
    if value in (None, ""):
        return ""
    labels = records.CHOICES.get(key)
    return str(labels.get(str(value), str(value))) if labels else str(value)
