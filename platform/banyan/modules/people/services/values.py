"""Between a record as people know it and a record as it is kept: what is sensitive is sealed, and shown masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from banyan.kernel import masks
from banyan.kernel.pinyin import initials, normalised, pairs, person_sort_name
from banyan.kernel.sealing import CANNOT_BE_READ, blind_index, opened, seal
from banyan.modules.people.models import Member, document_text
from banyan.modules.people.rules import records

_MASKS: Mapping[str, Callable[[str], str]] = {
    "document_number": masks.document,
    "phone": masks.phone,
    "email": masks.email,
    "address": masks.address,
}
# The name of a sensitive field → what its columns begin with.
COLUMNS: Mapping[str, str] = {"document_number": "document", "phone": "phone", "email": "email", "address": "address"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The sensitive values of a record as everybody who reads it sees them: masked."""

    document_number: str
    phone: str
    email: str
    address: str


def purpose(field: str) -> str:
    """What a sensitive field is sealed for."""
    return f"people.{COLUMNS[field]}"


def document_index(kind: str, number: str) -> bytes:
    """The blind index of a document."""
    return blind_index("people.document", document_text(number, {"document_type": kind}))


def columns(member_id: UUID, record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a record that keep these fields of it; a document's number comes with its type."""
    found = {key: record[key] for key in records.PLAIN if key in record}
    if "name" in record:
        found["sort_name"] = person_sort_name(record["name"])
    for field, column in COLUMNS.items():
        if field not in record:
            continue
        text = record[field] or ""
        found[f"{column}_sealed"] = seal(purpose(field), text, member_id) if text else None
        if field == "document_number":
            found["document_index"] = document_index(record["document_type"], text) if text else None
        elif field in ("phone", "email"):
            found[f"{column}_index"] = blind_index(purpose(field), text.lower()) if text else None
    return found


def clear(member: Member, field: str) -> str | None:
    """A sensitive field as it is, for services alone; None when it cannot be read."""
    return opened(purpose(field), getattr(member, f"{COLUMNS[field]}_sealed"), member.id)


def record_of(member: Member) -> dict[str, Any]:
    """A whole record as people know it, sensitive fields in clear; for services alone."""
    return {
        **{key: getattr(member, key) for key in records.PLAIN},
        **{field: clear(member, field) for field in COLUMNS},
    }


def masked(field: str, text: str | None) -> str:
    """A value of a sensitive field as everybody sees it."""
    return str(CANNOT_BE_READ) if text is None else _MASKS[field](text)


def shown(member: Member) -> Shown:
    """The sensitive values of ``member``, masked."""
    return Shown(**{field: masked(field, clear(member, field)) for field in COLUMNS})


def visible(record: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """These fields of a record as the audit log, events and requests may hold them."""
    return {
        key: masked(key, record.get(key) or "") if key in COLUMNS else record.get(key)
        for key in fields
        if key in record
    }


def name_tokens(name: str, sort_name: str) -> set[str]:
    """What a member is found by: two adjacent characters, two initials, or the first character alone."""
    plain = normalised(name)
    return pairs(plain) | pairs(initials(sort_name)) | ({plain[0]} if plain else set())
