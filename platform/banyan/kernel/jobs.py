"""Long work and periodic work, on procrastinate in the same database.

A long task is a row people see: progress, state, cancel, result, errors by row. Its handler is a generator; each
``yield`` ends a chunk, and the chunk commits together with its progress only while the task's fencing token still
is the one it was started with. A killed worker's task is taken up again by the rescuer, from its last chunk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import procrastinate
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, Identified, c_text
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.errors import Text
from banyan.kernel.values import OrgRef

if TYPE_CHECKING:
    from banyan.kernel.files import FileStore

QUEUE = "banyan"
RUN_TASK = "banyan.run_long_task"
LIVE = ("queued", "running")
_deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


class LongTask(Identified, Scoped, Base):
    """A piece of long work of an organisation.

    :ivar kind: name of the `Job`. :ivar title: what people read, as msgid; ``title_values`` fill it.
    :ivar state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
    :ivar fence: grows with every start; only the newest start may commit.
    :ivar memory: what a handler needs to resume. :ivar problems: rows that failed, with reasons.
    """

    __tablename__ = "long_task"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_long_task_created_at_id", "created_at", "id"),
        Index("ix_long_task_state", "state", "beat_at"),
    )

    kind: Mapped[str] = c_text()
    title: Mapped[str]
    state: Mapped[str] = c_text(default="queued")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    arguments: Mapped[dict[str, Any]]
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problems: Mapped[list[Any]] = mapped_column(default=list)
    message: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="zh_Hans")
    request_id: Mapped[str]
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    result_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id", ondelete="SET NULL"))
    created_by: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """The end of a chunk.

    :ivar done: units finished so far. :ivar total: units in all; 0 while unknown.
    :ivar memory: what the handler needs to go on after this chunk. :ivar problems: rows that failed in this chunk.
    """

    done: int
    total: int
    memory: dict[str, Any] | None = None
    problems: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class TaskRun:
    """What a handler works with.

    :ivar ctx: context with the task's fixed scope and the actor who started it.
    :ivar arguments: what it was started with. :ivar memory: what the last committed chunk left.
    :ivar folder: a temporary folder. :ivar result: set it to a path in `folder` to offer a download, with its type.
    """

    ctx: Context
    task: LongTask
    files: FileStore
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="banyan-task-")))
    result: Path | None = None
    result_name: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        return self.task.arguments

    @property
    def memory(self) -> dict[str, Any]:
        return self.task.memory


Handler = Callable[[TaskRun], Iterator[Progress]]
Periodic = Callable[[Context], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Something a module does later.

    Exactly one of ``handler`` (a long task) and ``periodic`` (with its ``cron``) is given.

    :ivar name: ``<module>.<what>``. :ivar title: what people read. :ivar reason: why a periodic job sees everything.
    :ivar always: runs during maintenance as well; all others wait.
    """

    name: str
    title: Text
    handler: Handler | None = None
    periodic: Periodic | None = None
    cron: str = ""
    reason: str = ""
    always: bool = False


Jobs = Mapping[str, Job]


def start(
    ctx: Context, kind: str, title: str, org: OrgRef, arguments: dict[str, Any], *, language: str, total: int = 0
) -> LongTask:
    """Start a long task in the transaction of ``ctx``: the row and its place in the queue, or neither.

    :param kind: name of a `Job` with a handler. :param title: msgid shown to people.
    """
    task = LongTask(
        org_id=org.id,
        org_path=org.path,
        kind=kind,
        title=title,
        arguments=arguments,
        language=language,
        total=total,
        request_id=ctx.request_id,
        created_by=ctx.actor.account_id,
        token_id=ctx.actor.token_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(task)
    ctx.session.flush()
    enqueue(ctx, RUN_TASK, task_id=str(task.id))
    return task


def enqueue(ctx: Context, name: str, *, after: int = 0, **arguments: Any) -> None:
    """Put a job into the queue in the transaction of ``ctx``: a rollback leaves nothing.

    :param after: seconds that have to pass before it is taken up.
    """
    driver = ctx.session.connection().connection.driver_connection
    when: Any = {"schedule_in": {"seconds": after}} if after else {}
    _deferring.configure_task(name, queue=QUEUE, connection=driver, **when).defer(**arguments)
