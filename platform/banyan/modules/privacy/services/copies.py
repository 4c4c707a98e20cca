"""A copy of everything held about a person: asked of every module, on or off; who cannot say is named (PPL-07)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from flask import current_app
from sqlalchemy import select

from banyan.kernel.clock import SHANGHAI, today
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.events import publish
from banyan.kernel.files import StoredFile
from banyan.kernel.i18n import language, lazy, translate
from banyan.kernel.jobs import LIVE, LongTask, Progress, TaskRun, start
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.models import Member
from banyan.modules.privacy.events import DataRequestChanged
from banyan.modules.privacy.models import UNDER_WAY, DataRequest
from banyan.modules.privacy.services import asking
from banyan.plugins import manager

KIND = "privacy.copy"
TITLE = "Copy of the data"
TRIES = 3


def begin(ctx: Context, member: Member) -> DataRequest:
    """Ask for a copy of everything held about the member's person; whoever calls has decided that it may be.

    :raises Refused: one is under way already (a unique index says so).
    """
    _give_up(ctx, member.person_id)
    request = DataRequest(
        org_id=member.org_id,
        org_path=member.org_path,
        kind="copy",
        how="member",
        state="working",
        member_id=member.id,
        person_id=member.person_id,
        asked_by=ctx.actor.account_id,
        asked_at=ctx.clock.now(),
    )
    ctx.session.add(request)
    ctx.session.flush()
    task = start(ctx, KIND, TITLE, member.org, {"request": str(request.id)}, language=language())
    request.task_id = task.id
    ctx.session.flush()
    record(ctx, "privacy.copy.start", subject(request, member), org=member.org)
    publish(ctx, member.org, changed(request))
    return request


def _give_up(ctx: Context, person_id: UUID) -> None:
    """A copy whose task has failed or is gone does not keep anybody from asking again."""
    live = select(LongTask.id).where(LongTask.id == DataRequest.task_id, LongTask.state.in_(LIVE)).exists()
    dead = select(DataRequest).where(
        DataRequest.person_id == person_id, DataRequest.kind == "copy", DataRequest.state == "working", ~live
    )
    for request in ctx.session.scalars(dead.with_for_update()):
        request.state, request.ended_at = "failed", ctx.clock.now()
    ctx.session.flush()
    require_none(ctx, person_id, "copy")


def require_none(ctx: Context, person_id: UUID, kind: str) -> None:
    """Refuse what is under way already; two at the very same moment are told apart by a unique index."""
    known = select(DataRequest.id).where(
        DataRequest.person_id == person_id, DataRequest.kind == kind, DataRequest.state.in_(("waiting", "working"))
    )
    if ctx.session.scalars(known).first() is not None:
        raise Refused(UNDER_WAY)


def changed(request: DataRequest) -> DataRequestChanged:
    """The event of a request that has come further."""
    return DataRequestChanged(str(request.id), str(request.person_id), request.kind, request.state)


def subject(request: DataRequest, member: Member | None = None) -> Subject:
    """A request as the audit log names it: by its number alone, once the person is erased."""
    return Subject("data_request", str(request.id), member.name if member is not None else number(request))


def number(request: DataRequest) -> str:
    """What a request is called by."""
    return f"{request.asked_at:%Y%m%d}-{request.id.hex[-6:].upper()}"


def run(task: TaskRun) -> Iterator[Progress]:
    """The job: one module a step; those that could not say are asked again, at most `TRIES` times in all."""
    request_id = UUID(task.arguments["request"])
    person = task.ctx.session.get_one(DataRequest, request_id).person_id
    names = asking.modules(manager.current(), asking.EXPORT)
    answers: dict[str, asking.Answer] = {}
    for attempt in range(TRIES):
        waiting = [name for name in names if name not in answers or answers[name].failed]
        for name in waiting:
            with asking.whole(task.ctx, "a copy of everything held about a person") as ctx:
                answers[name] = asking.held(ctx, person, name)
            if attempt == 0:
                yield Progress(len(answers), len(names) + 1)
    with asking.whole(task.ctx, "a copy of everything held about a person") as ctx:
        silent = asking.silent(ctx)
    failed = [name for name in names if answers[name].failed]
    target = task.folder / "copy.zip"
    write(target, [answers[name] for name in names], silent, task.ctx.clock.now(), person)
    task.result, task.result_name = target, f"personal-data-{today(task.ctx.clock):%Y%m%d}.zip"
    _finish(task, request_id, [*failed, *silent])
    yield Progress(len(names) + 1, len(names) + 1)


def _finish(task: TaskRun, request_id: UUID, failed: Sequence[str]) -> None:
    ctx = task.ctx
    request = ctx.session.get_one(DataRequest, request_id, with_for_update=True)
    request.state, request.failed, request.ended_at = "done", list(failed), ctx.clock.now()
    told = {"not_answered": list(failed)} if failed else None
    record(ctx, "privacy.copy.done", subject(request), org=request.org, after=told)
    publish(ctx, request.org, changed(request))


def file_of(ctx: Context, request: DataRequest) -> StoredFile:
    """The copy, for the person it is about, who is told apart by the caller.

    :raises NotFound: it is not made yet, or was deleted after its time.
    """
    statement = select(StoredFile).join(LongTask, LongTask.result_id == StoredFile.id)
    found = ctx.session.scalars(statement.where(LongTask.id == request.task_id)).first()
    if found is None or request.kind != "copy":
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    record(ctx, "privacy.copy.download", subject(request), org=request.org)
    return found


@dataclass(frozen=True, slots=True)
class Section:
    """A module's part of the page for reading: rows of (where, value)."""

    label: str
    failed: bool
    rows: tuple[tuple[str, str], ...]


def write(target: Path, answers: Sequence[asking.Answer], silent: Sequence[str], at: datetime, person: UUID) -> None:
    """A ZIP with everything twice: ``data.json`` for machines, ``data.html`` for people."""
    held = {answer.module: dict(answer.held) for answer in answers if not answer.failed}
    missing = [answer.module for answer in answers if answer.failed]
    machine = {"made_at": at, "person": str(person), "held": held, "not_answered": missing, "not_installed": silent}
    sections = [
        Section(translate(answer.label), answer.failed, tuple(flat(dict(answer.held))))
        for answer in answers
        if answer.failed or answer.held
    ]
    template = current_app.jinja_env.get_template("privacy/copy.html")
    page = template.render(sections=sections, silent=silent, at=at.astimezone(SHANGHAI), lang=language())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("data.json", orjson.dumps(machine, default=str, option=orjson.OPT_INDENT_2))
        package.writestr("data.html", page.encode())


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested JSON values as lines: where each stands, and what it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path} · {key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for number_, item in enumerate(value, 1):
            yield from flat(item, f"{path} {number_}" if path else str(number_))
    elif value not in (None, ""):
        yield path, str(value)
