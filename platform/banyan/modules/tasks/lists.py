"""Long tasks as a list.

Plans, as ``banyan_app``: newest first over a wide subtree walks ``(created_at, id)`` backwards and checks the range of
paths by row; a narrow one reads ``org_path`` and sorts what little it finds. Joins are by primary key, 50 a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import runtime
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.tasks.neighbours import ACCOUNT, ORG

STATES: Mapping[str, Text] = {
    "queued": lazy("Waiting"),
    "running": lazy("Running"),
    "done": lazy("Done"),
    "failed": lazy("Failed"),
    "cancelled": lazy("Cancelled"),
}
TONES = {"running": "warn", "done": "ok", "failed": "seal"}


class Kinds(Mapping[str, Text]):
    """What kinds of tasks are called, asked of the running application."""

    def __getitem__(self, key: str) -> Text:
        return runtime().jobs[key].title

    def __iter__(self) -> Iterator[str]:
        return (name for name, job in runtime().jobs.items() if job.handler is not None)

    def __len__(self) -> int:
        return sum(1 for _name in self)


class Titles(Mapping[str, Text]):
    """Titles are kept untranslated and read in the language of whoever looks."""

    def __getitem__(self, key: str) -> Text:
        return translate(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _states(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(STATES.items())


def _kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(Kinds().items())


TASKS = TableDef(
    name="tasks",
    title=lazy("Long tasks"),
    source=LongTask.__table__.join(ORG, ORG.c.id == LongTask.org_id).outerjoin(
        ACCOUNT, ACCOUNT.c.id == LongTask.created_by
    ),
    identity=LongTask.id,
    columns=(
        Column("title", lazy("Task"), LongTask.title, "link", labels=Titles()),
        Column("kind", lazy("Kind"), LongTask.kind, labels=Kinds()),
        Column("state", lazy("State"), LongTask.state, "badge", labels=STATES, tones=TONES),
        Column("done", lazy("Finished so far"), LongTask.done, "integer"),
        Column("total", lazy("In all"), LongTask.total, "integer"),
        Column("account", lazy("Who"), ACCOUNT.c.display_name),
        Column("organisation", lazy("Organisation"), ORG.c.name),
        Column("organisation_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("created_at", lazy("Started at"), LongTask.created_at, "datetime"),
        Column("finished_at", lazy("Finished at"), LongTask.finished_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (LongTask.created_at, LongTask.id), descending=True),
        Sort("created_at", (LongTask.created_at, LongTask.id)),
    ),
    filters=(
        Filter("state", lazy("State"), "choice", lambda value: LongTask.state == value, _states),
        Filter("kind", lazy("Kind"), "choice", lambda value: LongTask.kind == value, _kinds),
        Filter("from", lazy("Started from"), "date", lambda day: LongTask.created_at >= day_start(day)),
        Filter("until", lazy("Started until"), "date", lambda day: LongTask.created_at < day_after(day)),
    ),
)
