"""Rows of an import against the rules of records and against who is registered already (ACC-01, PPL-01).

Everything is looked up for a chunk at once; nothing here asks the database for a single row, but for the words that
say where else somebody is a member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import ImportRow
from banyan.kernel.sealing import blind_index, blind_indexes
from banyan.kernel.values import OrgRef
from banyan.modules.people.models import Member, Person, document_text
from banyan.modules.people.rules import records
from banyan.modules.people.services import intake_fields, intake_places, persons, values
from banyan.modules.people.services.intake_places import Place
from banyan.modules.people.services.persons import Standing

NUMBER_TAKEN: Text = lazy("Another member of the organisation has this number.")
WAS_HERE: Text = lazy("This person was a member of this organisation before. Restore that record instead.")
NOT_YOURS: Text = lazy("You may not edit records of this organisation.")
# What the number of a document decides is never compared: the record was found by it.
_FOUND_BY = frozenset({"document_type", "document_number", "admitted_on"})
_STANDINGS = text("""
SELECT w.id, r.member_id, r.org_id, r.org_path, r.status, r.exclusive
FROM unnest(CAST(:who AS uuid[])) AS w(id) CROSS JOIN LATERAL person_records(w.id) AS r
""")


@dataclass(slots=True)
class Known:
    """What a chunk meets. :ivar persons: by blind index. :ivar standings: by person. :ivar members: records here."""

    persons: dict[bytes, UUID]
    standings: dict[UUID, list[Standing]]
    members: dict[UUID, Member]


def check(ctx: Context, rows: Sequence[ImportRow]) -> None:
    """Say of every row what it is, and all that is wrong with it."""
    day = today(ctx.clock)
    places = intake_places.look_up(ctx, {row.data.get("branch", "") for row in rows})
    going: list[tuple[ImportRow, Place]] = []
    own = intake_fields.take(rows)
    for row in rows:
        place = _place(row, places)
        _by_rules(row, day)
        if place is not None:
            going.append((row, place))
    known = _known(ctx, [row for row, _place in going])
    said: dict[tuple[UUID, UUID], Text] = {}
    for row, place in going:
        _compare(ctx, row, place, known, said)
        if row.kind == "new" and place.age is not None:
            for reason in place.age.against(row.data.get("birth_date"), row.data.get("admitted_on") or day):
                row.reject("birth_date", reason)
    _numbers(ctx, going)
    intake_fields.check(ctx, rows, own)
    for row, place in going:
        if row.before and not place.changes:
            row.reject("", NOT_YOURS)


def _place(row: ImportRow, places: intake_places.Places) -> Place | None:
    written = row.data.get("branch", "")
    place = places.found.get(written)
    if place is None:
        row.reject("branch", places.wrong.get(written, intake_places.NOWHERE))
        return None
    for reason in place.against:
        row.reject("branch", reason)
    return place


def _by_rules(row: ImportRow, day: date) -> None:
    """What the rules of a whole record say; what the file's cells were already rejected for is not said twice."""
    told = {one.column for one in row.reasons}
    branch = row.data.get("branch")
    record = records.completed(records.normalised(row.data))
    found = records.problems({**record, "admitted_on": record.get("admitted_on") or day}, day)
    for column, reasons in found.items():
        if column not in told:
            for reason in reasons:
                row.reject(column, reason)
    row.data = {key: value for key, value in record.items() if value not in (None, "")}
    if branch:
        row.data["branch"] = branch


def _indexes(row: ImportRow) -> tuple[bytes, ...]:
    number = row.data.get("document_number")
    return blind_indexes("people.document", document_text(number, row.data)) if number else ()


def _known(ctx: Context, rows: Sequence[ImportRow]) -> Known:
    asked = sorted({index for row in rows for index in _indexes(row)})
    if not asked:
        return Known({}, {}, {})
    root = persons.root_of(ctx, ctx.here)
    found: dict[bytes, UUID] = {
        index: person
        for person, index in ctx.session.execute(
            select(Person.id, Person.document_index).where(
                Person.root_id == root,
                Person.document_index == any_(literal(asked, ARRAY(BYTEA))),
                Person.merged_into.is_(None),
            )
        )
        if index is not None
    }
    standings: dict[UUID, list[Standing]] = {}
    if found:
        for who, member, org_id, path, status, exclusive in ctx.session.execute(
            _STANDINGS, {"who": sorted(set(found.values()))}
        ):
            standings.setdefault(who, []).append(Standing(member, OrgRef(org_id, path), status, exclusive))
    ids = sorted({one.member_id for many in standings.values() for one in many if one.status == "active"})
    members = ctx.session.scalars(select(Member).where(Member.id.in_(ids))).all() if ids else ()
    return Known(found, standings, {member.id: member for member in members})


def _compare(
    ctx: Context,
    row: ImportRow,
    place: Place,
    known: Known,
    said: dict[tuple[UUID, UUID], Text],
) -> None:
    person = next((known.persons[index] for index in _indexes(row) if index in known.persons), None)
    told = None if person is None else str(person)
    row.memo = {"org": str(place.ref.id), "person": told, "exclusive": place.exclusive}
    for one in known.standings.get(person, ()) if person is not None else ():
        if one.status == "merged":
            continue
        if one.org.id == place.ref.id and one.status == "active":
            _found(row, place, known.members[one.member_id])
        elif one.org.id == place.ref.id:
            row.reject("document_number", WAS_HERE)
        elif one.status == "active" and (place.exclusive or one.exclusive):
            key = (one.org.id, place.ref.id)
            if key not in said:
                said[key] = persons.elsewhere(ctx, one.org, place.ref)
            row.reject("document_number", said[key])


def _found(row: ImportRow, place: Place, member: Member) -> None:
    before = {key: _held(row, member, key) for key in row.data if key in records.FIELDS and key not in _FOUND_BY}
    row.found(before, {"id": str(member.id), "version": member.version, "org": str(place.ref.id)})
    if row.before and not place.changes:
        row.reject("", NOT_YOURS)


def _held(row: ImportRow, member: Member, key: str) -> Any:
    """A value as it is kept: sensitive ones as the row's own where they are the same, else masked."""
    if key not in values.COLUMNS:
        return getattr(member, key)
    typed = str(row.data[key])
    index = getattr(member, f"{values.COLUMNS[key]}_index", None)
    if index is not None and index == blind_index(values.purpose(key), typed.lower()):
        return typed
    clear = values.clear(member, key)
    return typed if clear == typed else values.masked(key, clear)


def _numbers(ctx: Context, going: Sequence[tuple[ImportRow, Place]]) -> None:
    """Member numbers are unique in an organisation, in the file as well as beside it."""
    numbered = [(row, place) for row, place in going if row.data.get("number")]
    if not numbered:
        return
    numbers = sorted({row.data["number"] for row, _place in numbered})
    orgs = sorted({place.ref.id for _row, place in numbered})
    taken: Mapping[tuple[UUID, str], str] = {
        (org, number): str(member)
        for org, number, member in ctx.session.execute(
            select(Member.org_id, Member.number, Member.id).where(
                Member.number == any_(literal(numbers, ARRAY(Member.number.type))), Member.org_id.in_(orgs)
            )
        )
    }
    first: dict[tuple[UUID, str], int] = {}
    for row, place in numbered:
        key = (place.ref.id, row.data["number"])
        own = row.memo.get("id") if isinstance(row.memo, dict) else None
        if taken.get(key, own) != own:
            row.reject("number", NUMBER_TAKEN)
        if first.setdefault(key, row.number) != row.number:
            row.reject("number", lazy("Row %(row)s has this number already.", row=first[key]))
