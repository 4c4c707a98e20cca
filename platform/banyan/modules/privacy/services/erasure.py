"""Erasure: asked for with reasons, decided by the organisation, done in one transaction by every module (PPL-07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.flows import Flow, Heard, Outcome, Step
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.jobs import LIVE, LongTask, Progress, TaskRun, start
from banyan.modules.approvals import services as approvals
from banyan.modules.audit.services import record
from banyan.modules.people.models import Member
from banyan.modules.privacy import addresses
from banyan.modules.privacy.models import DataRequest
from banyan.modules.privacy.permissions import REQUEST_DECIDE, REQUEST_READ
from banyan.modules.privacy.services import asking
from banyan.modules.privacy.services.copies import changed, number, require_none, subject
from banyan.plugins import manager

KIND = "privacy.erase"
TITLE = "Erasure"
FLOW = "privacy.erasure"
SIDE = "organisation"
WORKING_DAYS = 15


def begin(ctx: Context, member: Member, how: str, reason: str) -> DataRequest:
    """Ask for the erasure of the member's person; whoever calls has decided that it may be asked.

    :param how: ``member`` or ``organisation``: decided by the approval flow; ``retention``: confirmed by whoever calls.
    :raises Refused: with everything that stands in the way, where nobody decides first; or it is under way already.
    """
    require_none(ctx, member.person_id, "erasure")
    decided = how == "retention"
    if decided:
        require_erasable(ctx, member.person_id)
    request = DataRequest(
        org_id=member.org_id,
        org_path=member.org_path,
        kind="erasure",
        how=how,
        state="working" if decided else "waiting",
        member_id=member.id,
        person_id=member.person_id,
        reason=reason,
        asked_by=ctx.actor.account_id,
        asked_at=ctx.clock.now(),
    )
    ctx.session.add(request)
    ctx.session.flush()
    told = {"data_request": "erasure", "asked_how": how}
    record(ctx, "privacy.erasure.start", subject(request, member), org=member.org, after=told)
    if decided:
        _start(ctx, request)
    else:
        _submit(ctx, request, member)
    publish(ctx, member.org, changed(request))
    return request


def _submit(ctx: Context, request: DataRequest, member: Member) -> None:
    title = lazy("Erasure of the data of %(name)s", name=member.name)
    handed = approvals.submit(
        ctx,
        FLOW,
        subject(request, member),
        title=str(title),
        sides={SIDE: member.org},
        details={msgid(lazy("Member")): member.name, msgid(lazy("Reason")): request.reason},
    )
    request.request_id = handed.id
    ctx.session.flush()


def against(ctx: Context, person_id: UUID) -> list[Text]:
    """Everything that stands in the way of erasing a person now, wherever it is."""
    with asking.whole(ctx, "what stands in the way of erasing a person") as everywhere:
        return asking.texts(everywhere, person_id, asking.AGAINST)


def kept(ctx: Context, person_id: UUID) -> list[Text]:
    """What would stay of a person, and why."""
    with asking.whole(ctx, "what is kept of a person who is erased") as everywhere:
        return asking.texts(everywhere, person_id, asking.KEPT)


def require_erasable(ctx: Context, person_id: UUID) -> None:
    """Raise `Refused` with everything that stands in the way."""
    reasons = against(ctx, person_id)
    if reasons:
        raise Refused(*reasons)


def heard(ctx: Context, outcome: Outcome) -> None:
    """What the approval engine tells: on approval the work begins, if nothing stands in the way.

    :raises Refused: with everything that does; the decision is undone and the decider reads why.
    """
    if outcome.kind not in (Heard.APPROVED, Heard.REJECTED, Heard.WITHDRAWN):
        return
    request = ctx.session.get_one(DataRequest, UUID(outcome.subject_id), with_for_update=True)
    if outcome.kind is Heard.APPROVED:
        require_erasable(ctx, request.person_id)
        request.state = "working"
        action = "privacy.erasure.approve"
        _start(ctx, request)
    else:
        rejected = outcome.kind is Heard.REJECTED
        request.state, request.ended_at = "rejected" if rejected else "withdrawn", outcome.at
        action = f"privacy.erasure.{'reject' if rejected else 'withdraw'}"
    request.opinion = outcome.opinion
    ctx.session.flush()
    after = {"request_state": request.state, **({"opinion": outcome.opinion} if outcome.opinion else {})}
    record(ctx, action, subject(request), org=request.org, before={"request_state": "waiting"}, after=after)
    publish(ctx, request.org, changed(request))


def _start(ctx: Context, request: DataRequest) -> None:
    task = start(ctx, KIND, TITLE, request.org, {"request": str(request.id)}, language=language())
    request.task_id = task.id
    ctx.session.flush()


def run(task: TaskRun) -> Iterator[Progress]:
    """The job: everything in one transaction of its own. Taken up again after a kill it finds nothing left to do."""
    request_id = UUID(task.arguments["request"])
    with asking.whole(task.ctx, "the erasure of a person in every module") as ctx:
        execute(ctx, request_id)
        ctx.session.commit()
    yield Progress(1, 1)


def execute(ctx: Context, request_id: UUID) -> DataRequest:
    """Erase, in the transaction of ``ctx``, which sees the whole tree: all modules or none.

    :raises Refused: something has come in the way since it was decided; with every reason.
    """
    request = ctx.session.scalars(select(DataRequest).where(DataRequest.id == request_id).with_for_update()).one()
    if request.state != "working":
        return request
    _hold(ctx, request.person_id)
    reasons = asking.texts(ctx, request.person_id, asking.AGAINST)
    if reasons:
        raise Refused(*reasons)
    stays = asking.texts(ctx, request.person_id, asking.KEPT)
    plugins, rows = manager.current(), {}
    for module in asking.modules(plugins, asking.ERASE):
        found: Mapping[str, Any] = plugins.tell(asking.ERASE, module, ctx=ctx, person_id=str(request.person_id)) or {}
        rows.update({f"{module}: {table}": count for table, count in found.items() if count})
    ctx.session.refresh(request)
    request.state, request.erased, request.kept = "done", rows, [msgid(one) for one in stays]
    request.ended_at, request.reason = ctx.clock.now(), ""
    ctx.session.flush()
    told = {"erased_rows": sum(rows.values()), "asked_how": request.how}
    record(ctx.at(request.org), "privacy.erasure.done", subject(request), org=request.org, after=told)
    publish(ctx, request.org, changed(request))
    return request


def _hold(ctx: Context, person_id: UUID) -> None:
    """Nobody is admitted, moved or restored under this person while it goes."""
    ctx.session.scalars(select(Member).where(Member.person_id == person_id).with_for_update()).all()


def retry(ctx: Context, request: DataRequest) -> None:
    """Start an erasure again that failed.

    :raises Conflict: it did not fail. :raises Refused: with everything that stands in the way.
    """
    if request.state != "working" or not stopped(ctx, request):
        raise Conflict(lazy("This is under way or has ended."))
    require_erasable(ctx, request.person_id)
    _start(ctx, request)


def stopped(ctx: Context, request: DataRequest) -> bool:
    """Whether nothing works on a request any more: its task has failed, was cancelled, or is gone."""
    return ctx.session.scalar(select(LongTask.state).where(LongTask.id == request.task_id)) not in LIVE


STEP = Step(
    "decision", lazy("Decision of the organisation"), SIDE, REQUEST_DECIDE.name, working_days=WORKING_DAYS, remind=3
)


def flow() -> Flow:
    """The approval flow of an erasure."""
    title = lazy("Erasure of personal data")
    return Flow(FLOW, title, SIDE, (STEP,), heard, reader=REQUEST_READ.name, page=addresses.request_page)


__all__ = ["FLOW", "KIND", "against", "begin", "execute", "flow", "kept", "number", "retry", "run", "stopped"]
