"""Look at long tasks, stop them, fetch what they made. One's own always; those of others with the permission."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, NotFound, Text
from banyan.kernel.files import StoredFile
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.jobs import LIVE, LongTask
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require, visible
from banyan.modules.access.rules import covered, holds_throughout
from banyan.modules.audit.services import Subject, record
from banyan.modules.tasks.permissions import TASK_READ, TASK_UPDATE


def reached(ctx: Context) -> bool:
    """Whether a grant of the actor covers the organisation: who has none there has no tasks there either."""
    return covered(ctx.actor.grants, ctx.here.path)


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of tasks one may see at the organisation of the request and below."""
    allowed = visible(ctx, TASK_READ.name, LongTask.org_path, within=ctx.here)
    if holds_throughout(ctx.actor.grants, ctx.actor.policy, TASK_READ.name, ctx.here.path, subtree=True):
        return allowed
    own = LongTask.token_id == ctx.actor.token_id if ctx.actor.limited else LongTask.created_by == ctx.actor.account_id
    below = (LongTask.org_path >= ctx.here.path) & (LongTask.org_path < upper(ctx.here.path))
    return or_(allowed, own & below)


def find(ctx: Context, task_id: UUID, permission: str = TASK_READ.name, *, lock: bool = False) -> LongTask:
    """A task of exactly the organisation of the request: one's own, or that of another with ``permission``.

    :raises NotFound: :raises Forbidden: as everywhere.
    """
    task = ctx.session.get(LongTask, task_id, with_for_update=lock, populate_existing=lock)
    if task is None or task.org_path != ctx.here.path:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    if not own(ctx, task):
        require(ctx, permission, task.org)
    return task


def own(ctx: Context, task: LongTask) -> bool:
    """Whether the actor started it. A limited token has started what was started with it, nothing else."""
    if ctx.actor.limited:
        return task.token_id == ctx.actor.token_id
    return ctx.actor.account_id is not None and task.created_by == ctx.actor.account_id


def subject(task: LongTask) -> Subject:
    """A task as the audit log names it."""
    return Subject("task", str(task.id), translate(task.title))


def cancel(ctx: Context, task_id: UUID) -> LongTask:
    """Stop a task: at once while it waits, after its present chunk when it runs. What it has committed stays.

    :raises Conflict: it has ended already.
    """
    task = find(ctx, task_id, TASK_UPDATE.name, lock=True)
    if task.state not in LIVE:
        raise Conflict(lazy("This task has ended already."))
    if task.cancel_asked:
        return task
    task.cancel_asked = True
    if task.state == "queued":
        task.state, task.finished_at = "cancelled", ctx.clock.now()
    record(ctx, "tasks.task.cancel", subject(task), org=task.org)
    return task


def result(ctx: Context, task_id: UUID) -> StoredFile:
    """The file a task made. For who started it alone: it holds what that person may see, and others may not.

    :raises NotFound: there is none, or somebody else's.
    """
    task = find(ctx, task_id)
    if not own(ctx, task) or task.result_id is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    if task.arguments.get("permission"):
        require(ctx, task.arguments["permission"], task.org)
    found = ctx.session.get_one(StoredFile, task.result_id)
    record(ctx, "tasks.result.download", subject(task), org=task.org, after={"file": found.name})
    return found


def against_revocation(ctx: Context, org: OrgRef) -> list[Text]:
    """Long tasks that still work for an organisation that is to be revoked (ORG-04)."""
    statement = select(func.count()).select_from(LongTask)
    number = ctx.session.scalar(statement.where(LongTask.org_id == org.id, LongTask.state.in_(LIVE))) or 0
    return [lazy("Long tasks under way: %(n)s. Wait for them or cancel them.", n=number)] if number else []
