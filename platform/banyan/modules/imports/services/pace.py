"""Progress of work that commits once: told beside its transaction, so that people see it move and can stop it."""

from __future__ import annotations

import time

from sqlalchemy import text, update

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.db.session import Database
from banyan.kernel.jobs import LongTask, TaskRun
from banyan.kernel.worker import Superseded

# Milliseconds. What is written in one transaction may take minutes, and waits for those before it.
_PATIENCE = {
    "statement_timeout": 600_000,
    "lock_timeout": 120_000,
    "idle_in_transaction_session_timeout": 600_000,
}


# Seconds between two tellings: each is a transaction of its own.
TELLING = 0.5


class Stopped(Exception):
    """Somebody asked to stop before anything was committed."""


def be_patient(ctx: Context) -> None:
    """Let this transaction take its time."""
    for name, limit in _PATIENCE.items():
        ctx.session.execute(text("SELECT set_config(:name, :limit, true)"), {"name": name, "limit": str(limit)})


class Pace:
    """Says how far a task is while its own transaction is open.

    :raises Superseded: another start of the task holds the newer fencing token. :raises Stopped: it is to stop.
    """

    def __init__(self, task: TaskRun, database: Database) -> None:
        self._id, self._fence, self._clock = task.task.id, task.task.fence, task.ctx.clock
        self._org, self._database = task.task.org, database
        self._told = 0.0

    def tell(self, done: int, total: int) -> None:
        """The task is alive and has done so much; said at most every `TELLING` seconds."""
        if time.monotonic() - self._told < TELLING:
            return
        self._told = time.monotonic()
        with self._database.session(Subtree(self._org)) as session:
            row = session.execute(
                update(LongTask)
                .where(LongTask.id == self._id, LongTask.fence == self._fence, LongTask.state == "running")
                .values(done=done, total=total, beat_at=self._clock.now())
                .returning(LongTask.cancel_asked)
                .execution_options(synchronize_session=False)
            ).first()
            session.commit()
        if row is None:
            raise Superseded
        if row[0]:
            raise Stopped
