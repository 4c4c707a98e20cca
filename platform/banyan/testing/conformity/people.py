"""Rules about people: everything held about a person comes out when asked for, goes over, and goes when it must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import g
from sqlalchemy import Table, func, or_, select

from banyan.kernel.db.base import new_id
from banyan.kernel.values import TimelineEntry
from banyan.testing.conformity.findings import Finding, Subject
from banyan.testing.conformity.rows import CannotPlant, is_personal, plant
from banyan.testing.world import World

WORDS = "words of this person"


def people(subject: Subject) -> Iterator[Finding]:
    """Export and erasure cover every table with a person in it, and nobody else's rows."""
    tables = [table for table in subject.tables if any(is_personal(column) for column in table.columns)]
    if not tables:
        return
    for hook, remedy in (
        ("banyan_export_person", "Return everything held about the person"),
        ("banyan_erase_person", "Erase it, or take the person out of what law demands to keep"),
        ("banyan_persons_merged", "Let rows that name the one who is gone name the one who is kept"),
    ):
        if not hasattr(subject.implementation, hook):
            names = ", ".join(table.name for table in tables)
            yield Finding("people", hook, f"{names} hold people and there is no such hook", remedy)
            return
    with subject.here.world() as world:
        yield from _tried(subject, world, tables)


def _tried(subject: Subject, world: World, tables: list[Table]) -> Iterator[Finding]:
    place = world.org(code="place")
    subject.here.switch_on(world, place, subject.name)
    person, other, double = new_id(), new_id(), new_id()
    try:
        for one in (person, other, double):
            plant(subject, world, place.ref, WORDS, one)
    except CannotPlant as error:
        yield Finding("people", "tables", f"no row could be made up: {error}", "Write rows() in a room testing.py")
        return
    told = orjson.dumps(_ask(subject, world, place, "banyan_export_person", person), default=str).decode()
    for table in tables:
        ids = _ids(world, table, person)
        if ids and WORDS not in told and not any(one in told for one in ids):
            yield Finding("people", f"table {table.name}", "its rows are not in the export", "Add them")
    yield from _told(subject, world, place, person)
    others = {table.name: _count(world, table, other) for table in tables}
    yield from _merged(subject, world, place, tables, person, double)
    _ask(subject, world, place, "banyan_erase_person", person)
    world.session.commit()
    for table in tables:
        if _count(world, table, person):
            yield Finding("people", f"table {table.name}", "the person is still in it after erasure", "Take them out")
        if _count(world, table, other) != others[table.name]:
            yield Finding("people", f"table {table.name}", "erasure touches rows of others", "Narrow it to the person")


def _told(subject: Subject, world: World, place: Any, person: Any) -> Iterator[Finding]:
    """What the timeline gets are entries, of kinds that are the plugin's own."""
    hook = "banyan_timeline"
    for entry in _ask(subject, world, place, hook, person, most=50) or ():
        if not isinstance(entry, TimelineEntry):
            yield Finding("people", hook, f"{entry!r} is no TimelineEntry", "Return entries of the sdk")
        elif not entry.kind.startswith(f"{subject.name}."):
            yield Finding("people", hook, f"{entry.kind!r} is no kind of its own", f"Begin it with {subject.name}.")


def _merged(subject: Subject, world: World, place: Any, tables: list[Table], kept: Any, gone: Any) -> Iterator[Finding]:
    hook = "banyan_persons_merged"
    before = {table.name: _count(world, table, kept) for table in tables}
    _ask(subject, world, place, hook, kept, kept=str(kept), gone=str(gone))
    for table in tables:
        if _count(world, table, gone):
            yield Finding("people", f"table {table.name}", f"the person who is gone is in it after {hook}", "Name kept")
        if _count(world, table, kept) < before[table.name]:
            yield Finding("people", f"table {table.name}", f"{hook} loses rows of who is kept", "Let them be")


def _ask(subject: Subject, world: World, place: Any, hook: str, person: Any, **more: Any) -> Any:
    ctx = world.context(world.admin(place), place)
    with subject.here.app.test_request_context("/orgs/place/"), ctx.session:
        g.code = "place"
        answer = subject.here.plugins.tell(hook, subject.name, ctx=ctx, person_id=str(person), **more)
        answer = list(answer) if isinstance(answer, Iterator) else answer
        ctx.session.commit()
        return answer


def _where(table: Table, person: Any) -> Any:
    return or_(*(column == person for column in table.columns if is_personal(column)))


def _count(world: World, table: Table, person: Any) -> int:
    return world.session.execute(select(func.count()).select_from(table).where(_where(table, person))).scalar_one()


def _ids(world: World, table: Table, person: Any) -> list[str]:
    keys = list(table.primary_key.columns)
    return [str(row[0]) for row in world.session.execute(select(keys[0]).where(_where(table, person)))]
