"""The last step: what was confirmed is checked once more where it is written, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.imports import Importable, ImportRow, Written
from banyan.kernel.jobs import Progress, TaskRun, start
from banyan.kernel.runtime import runtime
from banyan.modules.access.decision import require
from banyan.modules.audit.services import record
from banyan.modules.imports.models import Import
from banyan.modules.imports.services import declared, runs, staging
from banyan.modules.imports.services.checking import count_kinds
from banyan.modules.imports.services.pace import Pace, be_patient
from banyan.modules.imports.services.runs import Standing, at_rest, find, say, subject

WRITE = "imports.write"
CHUNK = 500
TRIES = 3
Result = TypeVar("Result")


def confirm(ctx: Context, import_id: UUID) -> Standing:
    """Start writing what the preview shows; a stopped one goes on where it stopped.

    :raises Refused: with every reason. :raises Conflict: the import has gone on meanwhile.
    """
    standing = find(ctx, import_id, lock=True)
    run, item = standing.run, standing.item
    at_rest(standing, "checked", *(("stopped", "failed") if standing.began_writing else ()))
    reasons = why_not(standing)
    if reasons:
        raise Refused(*reasons)
    run.state, run.said = "writing", []
    run.confirmed_by, run.confirmed_at = ctx.actor.account_id, ctx.clock.now()
    total = run.new + run.changed
    task = start(ctx, WRITE, msgid(item.title), run.org, {"import": str(run.id)}, language=language(), total=total)
    run.task_id = task.id
    record(ctx, "imports.import.confirm", subject(run), org=run.org, after=figures(run))
    return Standing(run, item, task)


def why_not(standing: Standing) -> list[Text]:
    """What stands in the way of writing, for the page and for `confirm`."""
    run, reasons = standing.run, list[Text]()
    if standing.item.whole and run.wrong:
        reasons.append(lazy("All rows are taken or none. Correct the wrong ones in the file and upload it again."))
    if not run.new + run.changed:
        reasons.append(lazy("There is nothing to write: no row is new or changed."))
    return reasons


def figures(run: Import) -> dict[str, Any]:
    """The numbers of an import, for the audit log."""
    names = ("new", "changed", "same", "wrong", "written", "failed")
    return {"import": run.kind, "file": run.file_name, **{name: getattr(run, name) for name in names}}


def run(task: TaskRun) -> Iterator[Progress]:
    """The job."""
    ctx = task.ctx
    found = ctx.session.get_one(Import, task.arguments["import"])
    item = declared.called(ctx, found.kind)
    require(ctx, item.permission, ctx.here)
    if found.state != "writing":
        return
    pace = Pace(task, runtime().db)
    yield from _whole(ctx, found, item, pace) if item.whole else _by_chunk(ctx, found, item)


def _whole(ctx: Context, found: Import, item: Importable, pace: Pace) -> Iterator[Progress]:
    """All rows in one transaction; one that is wrong by now, and nothing is written."""

    def write() -> list[ImportRow]:
        be_patient(ctx)
        pairs = [pair for chunk in staging.chunks(ctx, found, item, 0, staging.CHUNK) for pair in chunk]
        _lock(ctx, item)
        pace.tell(0, len(pairs))
        good, others = _settled(ctx, item, pairs)
        late = [row for row in others if row.wrong]
        if late:
            return late
        staging.settle(ctx, found, others)
        facts = item.write(ctx, good).facts if good else {}
        pace.tell(len(good), len(pairs))
        count_kinds(ctx, found)
        found.written, found.facts = len(good), facts
        return []

    late = _trying(ctx, write)
    if not late:
        _finish(ctx, found, item)
        yield Progress(found.written, found.written)
        return
    ctx.session.rollback()
    staging.settle(ctx, found, late)
    count_kinds(ctx, found)
    found.state, found.confirmed_at, found.confirmed_by = "checked", None, None
    say(found, lazy("Nothing was written: since the preview, %(n)s rows have become wrong.", n=len(late)))
    yield Progress(0, found.total)


def _by_chunk(ctx: Context, found: Import, item: Importable) -> Iterator[Progress]:
    """A chunk is written with the note that it was: a killed worker goes on behind it, twice is not possible."""
    total = found.new + found.changed
    for pairs in staging.chunks(ctx, found, item, found.written_to, item.chunk or CHUNK):
        _trying(ctx, lambda pairs=pairs: _write_chunk(ctx, found, item, pairs))  # type: ignore[misc]
        yield Progress(found.written + found.failed, total)
    count_kinds(ctx, found)
    _finish(ctx, found, item)
    yield Progress(total, total)


def _write_chunk(ctx: Context, found: Import, item: Importable, pairs: list[tuple[ImportRow, str]]) -> None:
    be_patient(ctx)
    _lock(ctx, item)
    good, others = _settled(ctx, item, pairs)
    staging.settle(ctx, found, others)
    done = item.write(ctx, good) if good else Written()
    staging.settle(ctx, found, done.noted)
    facts = done.facts
    found.written += len(good)
    found.failed += sum(row.wrong for row in others)
    found.written_to = pairs[-1][0].number
    found.facts = {key: found.facts.get(key, 0) + value for key, value in facts.items()} or found.facts


def _settled(
    ctx: Context, item: Importable, pairs: list[tuple[ImportRow, str]]
) -> tuple[list[ImportRow], list[ImportRow]]:
    """Check again: rows to be written as they were shown, and those that became something else meanwhile."""
    rows = [row for row, _shown_as in pairs]
    shown = {row.number: (kind, row.before) for row, kind in pairs}
    for row in rows:
        row.before = row.memo = None
    item.check(ctx, rows)
    good, others = [], []
    for row in rows:
        kind, before = shown[row.number]
        if row.kind == kind and row.before == before:
            good.append(row)
            continue
        if row.kind in ("new", "changed"):
            row.reject("", lazy("Somebody else changed this since the preview. Upload the file again to compare."))
        others.append(row)
    return good, others


def _trying(ctx: Context, work: Callable[[], Result]) -> Result:
    """Do ``work``, and again when somebody was faster: by then the check sees what they did."""
    for left in range(TRIES, 0, -1):
        try:
            with ctx.session.begin_nested():
                return work()
        except (IntegrityError, OperationalError):
            if left == 1:
                raise
    raise AssertionError("unreachable")


def _lock(ctx: Context, item: Importable) -> None:
    """Two imports of the same kind in one tree are written one after the other."""
    root = ctx.here.path.partition(".")[0]
    ctx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"import:{item.name}:{root}"})


def _finish(ctx: Context, found: Import, item: Importable) -> None:
    found.state, found.finished_at = "done", ctx.clock.now()
    if item.sensitive:
        runs.forget_secrets(ctx, runtime().store, found)
    record(ctx, "imports.import.finish", subject(found), org=found.org, after={**figures(found), **found.facts})
