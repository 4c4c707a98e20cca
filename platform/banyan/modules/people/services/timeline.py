"""A person's life as the modules know it, in one line of days (PPL-06).

People itself tells of memberships, posts, entries, reviews, merges and changes of key fields; others through the hook
``banyan_timeline``, each isolated from the failures of the rest. Entries come latest first and are cut after reading:
no module has so many about one person that a page of fifty would need a cursor of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import nlargest
from itertools import groupby, islice
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import TimelineEntry
from banyan.modules.audit import labels
from banyan.modules.people.file_labels import TIMELINE_KINDS
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import members
from banyan.plugins import enablement, manager

HOOK = "banyan_timeline"
PAGE = 50
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day."""

    day: date
    entries: Sequence[TimelineEntry]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of a person's timeline.

    :ivar kinds: every kind there is, with what it is called. :ivar more: there are earlier entries.
    """

    days: Sequence[Day]
    kinds: Mapping[str, Text]
    kind: str
    page: int
    more: bool

    @property
    def entries(self) -> list[TimelineEntry]:
        return [entry for day in self.days for entry in day.entries]


def of_person(ctx: Context, person_id: UUID, *, kind: str = "", page: int = 1, size: int = PAGE) -> Timeline:
    """A person's timeline for whoever may read it: the caller has decided that.

    :param kind: only entries of it. :param page: from 1, the latest first. :raises NotFound: there is no such page.
    """
    if page < 1 or page * size > MOST:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    found = _asked(ctx, person_id)
    kinds = _kinds(entry.kind for entry in found)
    wanted = [entry for entry in found if not kind or entry.kind == kind]
    cut = wanted[(page - 1) * size : page * size]
    days = [Day(day, list(entries)) for day, entries in groupby(cut, key=lambda entry: entry.day)]
    return Timeline(days, kinds, kind, page, len(wanted) > page * size)


def of_member(ctx: Context, member_id: UUID, *, kind: str = "", page: int = 1, size: int = PAGE) -> Timeline:
    """The timeline of the person behind a record within reach; raises `NotFound` and `Forbidden` as everywhere."""
    member = members.find(ctx, member_id, MEMBER_READ)
    return of_person(ctx.at(member.org), member.person_id, kind=kind, page=page, size=size)


def _asked(ctx: Context, person_id: UUID) -> list[TimelineEntry]:
    plugins = manager.current()
    on = enablement.enabled_modules(ctx.session, plugins, ctx.here)
    answers = plugins.ask(HOOK, on, ctx=ctx, reading=_entries, person_id=str(person_id), most=MOST)
    found = [entry for _module, entries in answers for entry in entries]
    return nlargest(MOST, found, key=lambda entry: entry.day)


def _entries(answer: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """What a module told; an answer that is no entry is a failure of that module."""
    found: list[TimelineEntry] = []
    given: Iterable[object] = islice(answer, MOST)
    for entry in given:
        if not isinstance(entry, TimelineEntry) or isinstance(entry.day, datetime):
            raise TypeError("a timeline is made of TimelineEntry with a day each")
        found.append(entry)
    return found


def _kinds(found: Iterable[str]) -> dict[str, Text]:
    """Kinds with what they are called: people's own first, then those that modules named through ``banyan_fields``."""
    known, told = labels.fields(), set(found)
    own = {kind: label for kind, label in TIMELINE_KINDS.items() if kind in told}
    return own | {kind: known.get(f"kind={kind}", kind) for kind in sorted(told - set(own))}
