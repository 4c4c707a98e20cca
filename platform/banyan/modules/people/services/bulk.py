"""Work on many members at once: on those that were selected, told row by row, or on all that a filter finds (UI-03).

Rooms of this module and modules above it `register` what can be done. Every record is decided about by itself, and one
that cannot be taken costs itself alone. All that a filter finds is a long task, which shows how far it is, can be
cancelled, and goes on after its last chunk when its worker was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from banyan.api.schemas import Schema
from banyan.kernel import exports, tables
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import DomainError, Invalid, NotFound, Text
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.jobs import Job, LongTask, Progress, TaskRun, start
from banyan.modules.access.decision import may, require, visible
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.lists import KEPT
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_EXPORT, MEMBER_READ
from banyan.modules.tasks.exports import export

MOST = 200
CHUNK = 100
KIND = "people.bulk"
EXPORT = "people.export_selected"
Reasons = Mapping[UUID, Sequence[Text]]
Do = Callable[[Context, Sequence[Member], Mapping[str, Any]], Reasons]


@dataclass(frozen=True, slots=True)
class BulkAct:
    """Something that can be done with many members.

    :ivar permission: who has it at the organisation of the request is offered it. :ivar form: schema of what it asks
        for, None: nothing. :ivar do: does it with some of them and says which could not be taken, and why; values are
        JSON. :ivar begin: instead, starts a long task with the ids, or with the filters where they are None.
    :ivar endpoint: instead, a page of its own that is posted the ``ids``. :ivar kind: classes of its button.
    """

    key: str
    label: Text
    icon: str
    permission: str
    form: Callable[[Context], type[Schema] | None] = lambda _ctx: None
    do: Do | None = None
    begin: Callable[[Context, Sequence[UUID] | None, Mapping[str, str]], LongTask] | None = None
    endpoint: str = ""
    kind: str = "btn-outline-secondary"
    order: int = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. :ivar failed: those that stayed as they are, with the reasons."""

    done: int
    failed: tuple[tuple[UUID, str, tuple[Text, ...]], ...] = ()
    task: LongTask | None = None


_ACTS: dict[str, BulkAct] = {}


def register(act: BulkAct) -> BulkAct:
    """Offer something that can be done with many members, when the module that does it is imported."""
    _ACTS[act.key] = act
    return act


def each(one: Callable[[Context, Member, Mapping[str, Any]], object]) -> Do:
    """A `BulkAct.do` that does one member after the other, each behind a savepoint."""

    def do(ctx: Context, members: Sequence[Member], values: Mapping[str, Any]) -> Reasons:
        failed: dict[UUID, Sequence[Text]] = {}
        for member in members:
            identity = member.id
            try:
                with ctx.session.begin_nested():
                    one(ctx, member, values)
            except DomainError as error:
                failed[identity] = said(error)
        return failed

    return do


def said(error: DomainError) -> list[Text]:
    """All reasons of a refusal."""
    return [*error.reasons, *(text for texts in error.fields.values() for text in texts)] or [str(error)]


def offered(ctx: Context) -> list[BulkAct]:
    """What the actor can do with many members here."""
    found = [act for act in _ACTS.values() if may(ctx, act.permission)]
    return sorted(found, key=lambda act: (act.order, act.key))


def find(ctx: Context, key: str) -> BulkAct:
    """An act by its key; raises `NotFound` and `Forbidden`."""
    act = _ACTS.get(key)
    if act is None or act.endpoint:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    require(ctx, act.permission, ctx.here)
    return act


def run(ctx: Context, key: str, ids: Sequence[UUID], values: Mapping[str, Any]) -> Outcome:
    """Do something with the members ``ids``, at most `MOST`.

    :raises Invalid: none or too many of them. Those out of reach are left out and counted among the failed.
    """
    act, wanted = find(ctx, key), list(dict.fromkeys(ids))
    if not wanted:
        raise Invalid({"ids": [lazy("Select somebody first.")]})
    if len(wanted) > MOST:
        raise Invalid({"ids": [lazy("No more than %(most)s at once; or all that a filter finds.", most=MOST)]})
    if act.begin is not None:
        return Outcome(0, task=act.begin(ctx, wanted, {}))
    found = _members(ctx, Member.id.in_(wanted))
    failed = _did(ctx, act, found, values)
    beyond = lazy("There is nothing here, or it is not within your reach.")
    lost = [(one, "", (beyond,)) for one in wanted if one not in {member.id for member in found}]
    return Outcome(len(found) - len(failed), (*failed, *lost))


def _members(ctx: Context, which: ColumnElement[bool]) -> list[Member]:
    seen = visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here)
    return list(ctx.session.scalars(select(Member).where(which, seen, KEPT).order_by(Member.sort_name, Member.id)))


def _did(
    ctx: Context, act: BulkAct, found: Sequence[Member], values: Mapping[str, Any]
) -> list[tuple[UUID, str, tuple[Text, ...]]]:
    if act.do is None:
        raise NotImplementedError(act.key)
    names = {member.id: member.name for member in found}
    failed = act.do(ctx, found, values) if found else {}
    return [(identity, names[identity], tuple(reasons)) for identity, reasons in failed.items()]


def run_all(ctx: Context, key: str, filters: Mapping[str, str], values: Mapping[str, Any]) -> LongTask:
    """Do something with all members that a filter finds: a long task.

    :param filters: value by name, as in the list's address. :raises Invalid: a filter that cannot be read.
    """
    act = find(ctx, key)
    asked = {name: text.strip() for name, text in filters.items() if text.strip()}
    if act.begin is not None:
        return act.begin(ctx, None, asked)
    table = members_table(ctx)
    problems: dict[str, list[Text]] = {
        name: [lazy("Unknown field.")] for name in asked.keys() - {item.name for item in table.filters}
    }
    problems |= tables.unkept(table, asked)
    if problems:
        raise Invalid({f"filters.{name}": said for name, said in sorted(problems.items())})
    query = tables.parse(table, asked)
    number = exports.total(ctx.session, table, query, _seen(ctx))
    arguments = {"act": key, "filters": asked, "values": dict(values)}
    record(ctx, "people.bulk.start", _subject(ctx, act), after={"bulk_act": msgid(act.label), "bulk_number": number})
    return start(ctx, KIND, msgid(act.label), ctx.here, arguments, language=language(), total=number)


def _subject(ctx: Context, act: BulkAct) -> Subject:
    return Subject("members", str(ctx.here.id), str(act.label))


def _seen(ctx: Context) -> ColumnElement[bool]:
    return and_(KEPT, visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here))


def count(ctx: Context, filters: Mapping[str, str]) -> int:
    """How many members a filter finds."""
    table = members_table(ctx)
    return exports.total(ctx.session, table, tables.parse(table, filters), _seen(ctx))


def work(task: TaskRun) -> Iterator[Progress]:
    """The job: in the order of ids, so that whoever changes its place in the list meanwhile is met once."""
    ctx, arguments = task.ctx, task.arguments
    act = find(ctx, arguments["act"])
    table = members_table(ctx)
    query = tables.looked_up(ctx.session, table, tables.parse(table, arguments["filters"]))
    done, last = int(task.memory.get("done", 0)), task.memory.get("last")
    total = task.task.total
    while True:
        seen = [_seen(ctx), *([Member.id > UUID(last)] if last else [])]
        statement = tables.narrowed(table, select(Member.id), query, *seen).order_by(Member.id).limit(CHUNK)
        ids = list(ctx.session.connection().execute(statement).scalars())
        if not ids:
            break
        found = _members(ctx, Member.id.in_(ids))
        failed = _did(ctx, act, found, arguments["values"])
        order = {member.id: number for number, member in enumerate(found, done + 1)}
        problems = tuple(
            {"row": order[one], "column": name, "value": "", "reason": " ".join(map(str, reasons))}
            for one, name, reasons in failed
        )
        done, last = done + len(ids), str(ids[-1])
        yield Progress(done, max(total, done), {"done": done, "last": last}, problems)
    yield Progress(done, done)


def begin_export(ctx: Context, ids: Sequence[UUID] | None, filters: Mapping[str, str]) -> LongTask:
    """Start the Excel file of some members, or of all that a filter finds."""
    if ids is None:
        return export(ctx, "members", filters)
    require(ctx, MEMBER_EXPORT.name, ctx.here)
    arguments = {"ids": [str(one) for one in ids], "permission": MEMBER_EXPORT.name}
    title = members_table(ctx).title
    record(ctx, "tasks.export.start", Subject("list", "members", str(title)), after={"bulk_number": len(ids)})
    return start(ctx, EXPORT, msgid(title), ctx.here, arguments, language=language(), total=len(ids))


def write_export(task: TaskRun) -> Iterator[Progress]:
    """The job of `begin_export`; what may be seen is decided when it runs."""
    ctx = task.ctx
    require(ctx, MEMBER_EXPORT.name, ctx.here)
    table = members_table(ctx)
    columns = [column for column in table.columns if column.permission is None or may(ctx, column.permission)]
    own = Member.id.in_([UUID(one) for one in task.arguments["ids"]])
    exported = visible(ctx, MEMBER_EXPORT.name, Member.org_path, within=ctx.here)
    target = task.folder / "export.xlsx"
    query = tables.parse(table, {})
    for done in exports.write(ctx.session, table, query, columns, target, own, exported, _seen(ctx)):
        yield Progress(done, done)
    task.result, task.result_name = target, f"members-{today(ctx.clock):%Y%m%d}.xlsx"


register(BulkAct("export", lazy("Export the selected"), "download", MEMBER_EXPORT.name, begin=begin_export, order=90))
JOBS = (
    Job(KIND, lazy("Work on many members"), handler=work),
    Job(EXPORT, lazy("Export of selected members"), handler=write_export),
)
