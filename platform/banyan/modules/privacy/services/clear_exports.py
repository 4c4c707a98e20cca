"""Members with sensitive data in clear as an Excel file: right and reason of a look, and a look for each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import NULLTYPE

from banyan.kernel import exports
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import language, msgid
from banyan.kernel.jobs import LongTask, Progress, TaskRun, start
from banyan.kernel.sealing import CANNOT_BE_READ, opened
from banyan.kernel.tables import Column, TableDef, parse
from banyan.modules.access.decision import require, visible
from banyan.modules.audit.services import record
from banyan.modules.people import lists
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_EXPORT, MEMBER_READ, SENSITIVE_REVEAL
from banyan.modules.people.services import values
from banyan.modules.privacy.models import Look
from banyan.modules.privacy.services import consents, looks
from banyan.modules.tasks.services import subject as of_task

__all__ = ["KIND", "begin", "run"]

KIND = "privacy.export"
_ALL = (MEMBER_READ, MEMBER_EXPORT, SENSITIVE_REVEAL)


def begin(ctx: Context, data: Mapping[str, Any], filters: Mapping[str, str], sort: str = "") -> LongTask:
    """Start the export of members of the organisation of the request and below, sensitive fields in clear.

    :param data: as for `looks.reveal`. :param filters: of the list of members.
    :raises Forbidden: reading, exporting and seeing in clear are asked for here. :raises Invalid: with every reason.
    """
    for one in _ALL:
        decision = require(ctx, one.name, ctx.here)
    fields = looks.checked(data)
    known = {item.name for item in lists.MEMBERS.filters}
    given = {key: value.strip() for key, value in filters.items() if key in known and value.strip()}
    parse(lists.MEMBERS, {**given, "sort": sort})
    arguments = {
        "fields": fields,
        "reason": data["reason"],
        "note": data["note"],
        "filters": given,
        "sort": sort,
        "permission": SENSITIVE_REVEAL.name,
    }
    task = start(ctx, KIND, msgid(lists.MEMBERS.title), ctx.here, arguments, language=language())
    told = {"look_fields": fields, "look_reason": data["reason"], "look_note": data["note"], "filters": given}
    record(replace(ctx, decision=decision), "privacy.export.start", of_task(task), after=told)
    return task


def run(task: TaskRun) -> Iterator[Progress]:
    """The job. Rights are asked again; each chunk of rows is written down as looked at before it can be fetched."""
    ctx, arguments = task.ctx, task.arguments
    for one in _ALL:
        decision = require(ctx, one.name, ctx.here)
    seen: list[UUID] = []
    table = _in_clear(arguments["fields"], seen, consents.withdrawn_ids(ctx))
    query = parse(table, {**arguments["filters"], "sort": arguments["sort"]})
    target = task.folder / "export.xlsx"
    where = _where(ctx)
    total = exports.total(ctx.session, table, query, where)
    done = 0
    for done in exports.write(ctx.session, table, query, table.columns, target, where):
        _looked(ctx, task.task, seen)
        seen.clear()
        yield Progress(done, max(total, done))
    told = {"members_number": done, "filters": arguments["filters"], "look_fields": arguments["fields"]}
    told |= {"look_reason": arguments["reason"], "look_note": arguments["note"]}
    record(replace(ctx, decision=decision), "privacy.export.done", of_task(task.task), org=task.task.org, after=told)
    looks.count(ctx, ctx.here)
    task.result, task.result_name = target, f"{table.name}-clear-{today(ctx.clock):%Y%m%d}.xlsx"


def _where(ctx: Context) -> ColumnElement[bool]:
    return and_(lists.KEPT, *(visible(ctx, one.name, Member.org_path, within=ctx.here) for one in _ALL))


def _in_clear(fields: Sequence[str], seen: list[UUID], withdrawn: frozenset[UUID]) -> TableDef:
    """The list of members with these fields in clear; who is read stands in ``seen`` afterwards.

    :param withdrawn: records of which what is optional is not shown.
    """
    masked = {values.COLUMNS[field] for field in fields}
    plain = [column for column in lists.MEMBERS.columns if column.key not in masked]
    clear = [
        Column(
            values.COLUMNS[field],
            looks.FIELD_LABELS[field],
            type_coerce(getattr(Member, f"{values.COLUMNS[field]}_sealed"), NULLTYPE),
            "code",
            read=_read(
                values.purpose(field),
                seen if number == 0 else None,
                withdrawn if field in looks.OPTIONAL else frozenset(),
            ),
        )
        for number, field in enumerate(fields)
    ]
    return replace(lists.MEMBERS, columns=(*plain, *clear))


def _read(purpose: str, seen: list[UUID] | None, hidden: frozenset[UUID]) -> Any:
    def read(identity: UUID, sealed: Any) -> str | None:
        if seen is not None:
            seen.append(identity)
        if sealed is None or identity in hidden:
            return None
        text = opened(purpose, bytes(sealed), identity)
        return str(CANNOT_BE_READ) if text is None else text

    return read


def _looked(ctx: Context, task: LongTask, seen: Sequence[UUID]) -> None:
    """One look for each member of a chunk; those of a run that was interrupted are there already."""
    arguments = task.arguments
    names = (
        *("id", "org_id", "org_path", "member_id", "person_id", "account_id", "account_name", "at", "how"),
        *("fields", "reason", "note", "task_id"),
    )
    rows = select(
        func.gen_random_uuid(),
        Member.org_id,
        Member.org_path,
        Member.id,
        Member.person_id,
        literal(ctx.actor.account_id, Look.account_id.type),
        literal(ctx.actor.name),
        literal(ctx.clock.now(), Look.at.type),
        literal("export"),
        literal(arguments["fields"], Look.fields.type),
        literal(arguments["reason"]),
        literal(arguments["note"]),
        literal(task.id, Look.task_id.type),
    ).where(Member.id.in_(list(seen)))
    ctx.session.execute(insert(Look).from_select(names, rows).on_conflict_do_nothing())
