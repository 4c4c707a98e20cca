"""Rules about people: everything held about a person comes out when asked for, and goes when it must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Table, func, or_, select

from banyan.kernel.db.base import new_id
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
    person, other = new_id(), new_id()
    try:
        plant(subject, world, place.ref, WORDS, person)
        plant(subject, world, place.ref, WORDS, other)
    except CannotPlant as error:
        yield Finding("people", "tables", f"no row could be made up: {error}", "Write rows() in a room testing.py")
        return
    told = orjson.dumps(_ask(subject, world, place, "banyan_export_person", person), default=str).decode()
    for table in tables:
        ids = _ids(world, table, person)
        if ids and WORDS not in told and not any(one in told for one in ids):
            yield Finding("people", f"table {table.name}", "its rows are not in the export", "Add them")
    others = {table.name: _count(world, table, other) for table in tables}
    _ask(subject, world, place, "banyan_erase_person", person)
    world.session.commit()
    for table in tables:
        if _count(world, table, person):
            yield Finding("people", f"table {table.name}", "the person is still in it after erasure", "Take them out")
        if _count(world, table, other) != others[table.name]:
            yield Finding("people", f"table {table.name}", "erasure touches rows of others", "Narrow it to the person")


def _ask(subject: Subject, world: World, place: Any, hook: str, person: Any) -> Any:
    ctx = world.context(world.admin(place), place)
    with subject.here.app.test_request_context("/orgs/place/"), ctx.session:
        answer = subject.here.plugins.tell(hook, subject.name, ctx=ctx, person_id=str(person))
        ctx.session.commit()
        return answer


def _where(table: Table, person: Any) -> Any:
    return or_(*(column == person for column in table.columns if is_personal(column)))


def _count(world: World, table: Table, person: Any) -> int:
    return world.session.execute(select(func.count()).select_from(table).where(_where(table, person))).scalar_one()


def _ids(world: World, table: Table, person: Any) -> list[str]:
    keys = list(table.primary_key.columns)
    return [str(row[0]) for row in world.session.execute(select(keys[0]).where(_where(table, person)))]
