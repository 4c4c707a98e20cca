"""The record of imports, and the rows of one.

Plans, as ``banyan_app``: imports newest first over a wide subtree walk ``(created_at, id)`` backwards, a narrow one
reads ``org_path``; the rows of an import are found by its key ``(import_id, number)``, those of one kind by
``(org_id, import_id, kind, number)``, a page of 50 either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, case, func
from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import KINDS
from banyan.kernel.jobs import LongTask
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.neighbours import ACCOUNT, ORG
from banyan.modules.imports.services import declared

STATES: Mapping[str, Text] = {
    "uploaded": lazy("Columns to be matched"),
    "checking": lazy("Being checked"),
    "checked": lazy("Waits for confirmation"),
    "writing": lazy("Being written"),
    "done": lazy("Done"),
    "stopped": lazy("Stopped"),
    "failed": lazy("Failed"),
    "discarded": lazy("Discarded"),
}
TONES = {"checking": "warn", "checked": "warn", "writing": "warn", "done": "ok", "failed": "seal"}
# A task that was stopped before it began, or broke down, has told its import nothing.
STATE: ColumnElement[str] = case(
    (Import.state.in_(("checking", "writing")) & (LongTask.state == "cancelled"), "stopped"),
    (Import.state.in_(("checking", "writing")) & (LongTask.state == "failed"), "failed"),
    else_=Import.state,
)


class Kinds(Mapping[str, Text]):
    """What can be imported, asked of the running application."""

    def __getitem__(self, key: str) -> Text:
        return declared.titles()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(declared.titles())

    def __len__(self) -> int:
        return len(declared.titles())


def _kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(declared.titles().items())


def _states(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(STATES.items())


IMPORTS = TableDef(
    name="imports",
    title=lazy("Record of imports"),
    source=Import.__table__.join(ORG, ORG.c.id == Import.org_id)
    .outerjoin(ACCOUNT, ACCOUNT.c.id == Import.created_by)
    .outerjoin(LongTask, LongTask.id == Import.task_id),
    identity=Import.id,
    columns=(
        Column("file_name", lazy("File"), Import.file_name, "link"),
        Column("kind", lazy("What is imported"), Import.kind, labels=Kinds()),
        Column("state", lazy("State"), STATE, "badge", labels=STATES, tones=TONES),
        Column("total", lazy("Rows"), Import.total, "integer"),
        Column("new", lazy("New"), Import.new, "integer"),
        Column("changed", lazy("Changed"), Import.changed, "integer"),
        Column("same", lazy("Same"), Import.same, "integer"),
        Column("wrong", lazy("Wrong"), Import.wrong + Import.failed, "integer"),
        Column("written", lazy("Written"), Import.written, "integer"),
        Column("account", lazy("Who"), func.coalesce(ACCOUNT.c.display_name, "")),
        Column("organisation", lazy("Organisation"), ORG.c.name, shown=False),
        Column("organisation_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("created_at", lazy("Uploaded at"), Import.created_at, "datetime"),
        Column("finished_at", lazy("Finished at"), Import.finished_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (Import.created_at, Import.id), descending=True),
        Sort("created_at", (Import.created_at, Import.id)),
    ),
    filters=(
        Filter("kind", lazy("What is imported"), "choice", lambda value: Import.kind == value, _kinds),
        Filter("state", lazy("State"), "choice", lambda value: value == STATE, _states),
        Filter("from", lazy("Uploaded from"), "date", lambda day: Import.created_at >= day_start(day)),
        Filter("until", lazy("Uploaded until"), "date", lambda day: Import.created_at < day_after(day)),
    ),
)


def _row_kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(KINDS.items())


ROWS = TableDef(
    name="import_rows",
    title=lazy("Rows of the file"),
    source=StagedRow.__table__,
    identity=StagedRow.number,
    columns=(
        Column("number", lazy("Row"), StagedRow.number, "integer"),
        Column("kind", lazy("Outcome"), StagedRow.kind, "badge", labels=KINDS),
        Column("cells", lazy("What it holds"), StagedRow.cells),
        Column("data", lazy("What it means"), StagedRow.data),
        Column("before", lazy("Before"), StagedRow.before),
        Column("reasons", lazy("Reason"), StagedRow.reasons),
    ),
    sorts=(Sort("number", (StagedRow.number,)),),
    filters=(Filter("kind", lazy("Outcome"), "choice", lambda value: StagedRow.kind == value, _row_kinds),),
)
