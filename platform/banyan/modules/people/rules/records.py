"""A record as a whole: what its fields say of each other (PPL-01)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import choices, contacts, documents, names

# What a member's record holds, by the names of forms, the API, audit entries and imports.
SEALED = ("document_number", "phone", "email", "address")
PLAIN = (
    *("name", "gender", "ethnicity", "birth_date", "document_type", "number", "workplace", "occupation"),
    *("education", "political_status", "interests", "joined_on", "joining_place", "admitted_on"),
)
FIELDS = (*PLAIN, *SEALED)
DATES = ("birth_date", "joined_on", "admitted_on")
IDENTITY = frozenset({"document_type", "document_number", "birth_date", "gender"})
LONGEST: Mapping[str, int] = {
    "number": 30,
    "address": 200,
    "workplace": 100,
    "occupation": 50,
    "interests": 200,
    "joining_place": 100,
}
CHOICES: Mapping[str, Mapping[str, Text]] = {
    "gender": choices.GENDERS,
    "ethnicity": choices.ETHNICITIES,
    "education": choices.EDUCATION,
    "political_status": choices.POLITICAL_STATUS,
    "document_type": documents.TYPES,
}


def normalised(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record among ``data`` as they are kept; what is not among them stays away."""
    found = {key: (data[key] if key in DATES else _text(data[key])) for key in FIELDS if key in data}
    if "name" in found:
        found["name"] = names.clean(found["name"])
    if found.get("phone"):
        found["phone"] = contacts.phone(found["phone"])
    if found.get("email"):
        found["email"] = contacts.email(found["email"])
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def completed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A whole record with its number normalised, and what the number says put where nothing was said.

    A number without a type is that of an identity card, or of a residence permit where it says so itself.
    """
    found = dict(record)
    number = found.get("document_number") or ""
    if number and not found.get("document_type"):
        plain = documents.normalised(documents.RESIDENT, number)
        residence = plain[:2] in documents.RESIDENTS_OF
        found["document_type"] = documents.RESIDENCE if residence else documents.RESIDENT
    if number:
        found["document_number"] = documents.normalised(found["document_type"], number)
        known = documents.facts(found["document_type"], found["document_number"])
        if known is not None:
            found["birth_date"] = found.get("birth_date") or known.birth_date
            found["gender"] = found.get("gender") or known.gender
    else:
        found["document_type"] = ""
    return found


def problems(record: Mapping[str, Any], today: date) -> dict[str, list[Text]]:
    """Everything that is wrong with a whole record that `completed` made, by field."""
    found: dict[str, list[Text]] = {}
    _note(found, "name", names.problems(record.get("name") or ""))
    for key, labels in CHOICES.items():
        if record.get(key) and record[key] not in labels:
            _note(found, key, [lazy("Choose one of the listed values.")])
    for key, most in LONGEST.items():
        if len(record.get(key) or "") > most:
            _note(found, key, [lazy("This may have at most %(max)s characters.", max=most)])
    if record.get("phone"):
        _note(found, "phone", contacts.phone_problems(record["phone"]))
    if record.get("email"):
        _note(found, "email", contacts.email_problems(record["email"]))
    if record.get("document_number"):
        kind = record.get("document_type") or ""
        _note(found, "document_number", documents.problems(kind, record["document_number"], today))
        _agree(found, record)
    _dates(found, record, today)
    return found


def _agree(found: dict[str, list[Text]], record: Mapping[str, Any]) -> None:
    known = documents.facts(record.get("document_type") or "", record["document_number"])
    if known is None or "document_number" in found:
        return
    if record.get("birth_date") != known.birth_date:
        _note(found, "birth_date", [lazy("The identity number says %(day)s.", day=known.birth_date.isoformat())])
    if record.get("gender") != known.gender:
        said = choices.GENDERS[known.gender]
        _note(found, "gender", [lazy("The identity number says: %(gender)s.", gender=said)])


def _dates(found: dict[str, list[Text]], record: Mapping[str, Any], today: date) -> None:
    born: date | None = record.get("birth_date")
    if born is not None:
        _note(found, "birth_date", documents.birth_problems(born, today))
    for key in ("joined_on", "admitted_on"):
        day: date | None = record.get(key)
        if day is None:
            continue
        _note(found, key, documents.birth_problems(day, today))
        if born is not None and day <= born:
            _note(found, key, [lazy("This lies before the date of birth.")])
    if record.get("joined_on") and record.get("admitted_on") and record["joined_on"] > record["admitted_on"]:
        _note(found, "joined_on", [lazy("This lies after the day of admission into this registry.")])


def _note(found: dict[str, list[Text]], key: str, messages: list[Text]) -> None:
    if messages:
        found.setdefault(key, []).extend(messages)
