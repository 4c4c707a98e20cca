"""An import: found, shown, stopped, discarded."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, NotFound, Text
from banyan.kernel.files import FileStore, StoredFile, forget
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable, Reason
from banyan.kernel.imports.rows import reason
from banyan.kernel.jobs import LIVE, LongTask
from banyan.modules.audit.services import Subject, record
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.services import declared, secrets
from banyan.modules.tasks.services import cancel as cancel_task

GONE = lazy("There is nothing here, or it is not within your reach.")


@dataclass(frozen=True, slots=True)
class Standing:
    """An import with what it imports and the task that works on it.

    :ivar state: that of the import, unless its task ended without being able to tell it.
    """

    run: Import
    item: Importable
    task: LongTask | None

    @property
    def state(self) -> str:
        if self.run.state in ("checking", "writing") and self.task is not None:
            return {"cancelled": "stopped", "failed": "failed"}.get(self.task.state, self.run.state)
        return self.run.state

    @property
    def busy(self) -> bool:
        """Whether a task works on it."""
        return self.task is not None and self.task.state in LIVE

    @property
    def began_writing(self) -> bool:
        """Whether it was confirmed."""
        return self.run.confirmed_at is not None


def find(ctx: Context, import_id: UUID, *, lock: bool = False) -> Standing:
    """An import of exactly the organisation of the request, for who may import the same there.

    :raises NotFound: there is none, or another organisation's. :raises Forbidden: as everywhere.
    """
    run = ctx.session.get(Import, import_id, with_for_update=lock, populate_existing=lock)
    if run is None or run.org_path != ctx.here.path:
        raise NotFound(GONE)
    item = declared.called(ctx, run.kind)
    return Standing(run, item, ctx.session.get(LongTask, run.task_id) if run.task_id else None)


def at_rest(standing: Standing, *states: str) -> None:
    """Refuse unless nothing works on the import and it is in one of ``states``.

    :raises Conflict: somebody was faster.
    """
    if standing.busy or standing.state not in states:
        raise Conflict(lazy("This import has gone on meanwhile. Load the page again."))


def leaves(run: Import, item: Importable) -> bool:
    """Whether it leaves something to hand out: rows were written and, where it has options, one was asked for."""
    asked = item.options is None or any(run.options.values())
    return bool(run.written) and asked and run.purged_at is None


def subject(run: Import) -> Subject:
    """An import as the audit log names it."""
    return Subject("import", str(run.id), run.file_name)


def say(run: Import, text: Text | None) -> None:
    """Keep what happened last, for whoever looks."""
    run.said = list(reason("", text)) if text is not None else []


def said(run: Import) -> str:
    """What happened last, in the reader's language."""
    return Reason(*run.said).text if run.said else ""


def cancel(ctx: Context, import_id: UUID) -> Standing:
    """Stop what works on the import; a whole one leaves nothing, one by chunk what it has written already.

    :raises Conflict: nothing works on it.
    """
    standing = find(ctx, import_id)
    if standing.task is None or not standing.busy:
        raise Conflict(lazy("This import has gone on meanwhile. Load the page again."))
    cancel_task(ctx, standing.task.id)
    return standing


def discard(ctx: Context, store: FileStore, import_id: UUID) -> Import:
    """Put an import aside whose rows are not written: file and rows are deleted at once.

    :raises Conflict: it is being worked on, or was written.
    """
    standing = find(ctx, import_id, lock=True)
    at_rest(standing, "uploaded", "checked", "stopped", "failed")
    run = standing.run
    if run.written:
        raise Conflict(lazy("Some of its rows are written already; the record keeps it."))
    run.state, run.finished_at = "discarded", ctx.clock.now()
    purge(ctx, store, run)
    record(ctx, "imports.import.discard", subject(run), org=run.org, before={"file": run.file_name})
    return run


def forget_secrets(ctx: Context, store: FileStore, run: Import) -> None:
    """Delete the file of an import, its first rows, and all secrets but those of wrong rows."""
    secrets.keep_wrong(ctx, run)
    run.head = []
    _forget_file(ctx, store, run)


def purge(ctx: Context, store: FileStore, run: Import) -> None:
    """Delete rows and file of an import; the record of it stays."""
    ctx.session.execute(delete(StagedRow).where(StagedRow.import_id == run.id))
    secrets.clear(ctx, run)
    run.head, run.purged_at = [], ctx.clock.now()
    _forget_file(ctx, store, run)


def _forget_file(ctx: Context, store: FileStore, run: Import) -> None:
    found = ctx.session.get(StoredFile, run.file_id) if run.file_id else None
    run.file_id = None
    ctx.session.flush()
    if found is not None:
        forget(ctx, store, found)
