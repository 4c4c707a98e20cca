"""One panel for every request: where it stands, who decides, until when, its history, files and what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from banyan.kernel import workdays
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Text
from banyan.kernel.files import StoredFile
from banyan.kernel.flows import Act, Flow, State, Step
from banyan.kernel.i18n import lazy, translate
from banyan.modules.access.neighbours import ORG
from banyan.modules.approvals import registry
from banyan.modules.approvals.models import ApprovalDesk, ApprovalEntry, ApprovalFile, ApprovalRequest
from banyan.modules.approvals.services import desks, history, requests
from banyan.modules.approvals.services.reading import find, seat_at
from banyan.modules.approvals.services.seats import Seat

ACTS: Mapping[Act, Text] = {
    Act.SUBMIT: lazy("handed it in"),
    Act.APPROVE: lazy("approved"),
    Act.RETURN: lazy("returned it for correction"),
    Act.REJECT: lazy("rejected"),
    Act.WITHDRAW: lazy("withdrew it"),
    Act.RESUBMIT: lazy("corrected it and sent it again"),
    Act.REMIND: lazy("Reminder: the deadline is near"),
    Act.ESCALATE: lazy("The deadline is over"),
}
TONES: Mapping[Act, str] = {
    Act.APPROVE: "ok", Act.RETURN: "seal", Act.REJECT: "seal", Act.REMIND: "warn", Act.ESCALATE: "seal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Track:
    """A step on the track. ``state``: done, current, stopped (returned or rejected there) or ahead."""

    label: Text
    state: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class PieceLine:
    """The answer to one part of a request, as people read it."""

    label: str
    agreed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the history as people read it. ``step`` is empty for what those who ask do."""

    at: datetime
    act: str
    label: Text
    tone: str
    who: str
    behalf: str
    place: str
    step: Text
    opinion: str
    explanation: str
    late: bool
    pieces: Sequence[PieceLine] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """Until when the present step is to be decided.

    :ivar left: working days left, today's not counted. :ivar late: working days since.
    :ivar provisional: holidays on the way are not published yet.
    """

    on: date
    left: int
    late: int
    overdue: bool
    provisional: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """A request as one reader sees it.

    :ivar acts: what the reader may decide now; empty: nothing. :ivar behalf: for whom, as a deputy.
    :ivar own: may take it back, or correct it when returned. :ivar note: why the reader cannot decide, if there is
        something to say. :ivar page: address of what it is about. :ivar correct: where it is corrected.
    :ivar partly: approved but for some parts. :ivar answer: where the reader answers it part by part.
    """

    id: UUID
    version: int
    flow: Text
    title: str
    state: State
    asking: str
    asker: str
    asked_at: datetime
    round: int
    track: Sequence[Track]
    deciding: Sequence[str]
    due: Due | None
    details: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    files: Sequence[ApprovalFile]
    acts: Sequence[Act] = ()
    explain: bool = False
    behalf: str = ""
    own: bool = False
    note: Text = ""
    page: str | None = None
    correct: str | None = None
    partly: bool = False
    answer: str | None = None


def panel(ctx: Context, request_id: UUID, *, vouched: bool = False) -> Panel:
    """A request with all that its panel shows.

    :param vouched: the module has decided that whoever reads may: somebody whom it is about.
    :raises NotFound: it does not exist or is none of the reader's business.
    """
    request = ctx.session.get_one(ApprovalRequest, request_id) if vouched else find(ctx, request_id)
    flow = registry.flows().get(request.flow)
    desk, lines = desks.desk_of(ctx, request), history.entries(ctx, request)
    names = _names(ctx, request, desk, lines)
    seat = seat_at(ctx, desk) if desk is not None else None
    step = registry.step_of(flow, request.step)
    note = _hindrance(ctx, request, flow, desk, seat)
    acts = _acts(step) if seat is not None and not str(note) else ()
    own = requests.own(ctx, request)
    return Panel(
        id=request.id,
        version=request.version,
        flow=flow.title if flow is not None else request.flow,
        title=request.title,
        state=State(request.state),
        asking=names.get(request.org_id, ""),
        asker=lines[0].account_name,
        asked_at=request.asked_at,
        round=request.round,
        track=_track(request, flow, desk, lines, names),
        deciding=[names.get(place.id, "") for place in desk.places] if desk is not None else [],
        due=_due(ctx, desk),
        details=[(translate(label), value) for label, value in request.details],
        lines=[_line(request, line, names) for line in reversed(lines)],
        files=_files(ctx, request),
        acts=acts,
        explain=desk is not None and bool(acts) and ctx.clock.now() >= desk.due_at,
        behalf=seat.behalf_name if seat is not None and acts else "",
        own=own and request.state in (State.OPEN, State.RETURNED),
        note=note,
        page=flow.page(ctx, request.subject_id) if flow is not None and flow.page is not None else None,
        correct=_correct(ctx, request, flow) if own else None,
        partly=request.partly,
        answer=flow.answer(ctx, request.id) if acts and flow is not None and flow.answer is not None else None,
    )


def file_of(ctx: Context, request_id: UUID, file_id: UUID) -> StoredFile:
    """A file of a request that the actor may see, ready to be served: not a row of the session.

    :raises NotFound: it is none of this request's.
    """
    request = find(ctx, request_id)
    found = ctx.session.scalar(
        select(ApprovalFile).where(ApprovalFile.request_id == request.id, ApprovalFile.file_id == file_id).limit(1)
    )
    if found is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    kept = {key: getattr(found, key) for key in ("key", "name", "media_type", "extension", "size", "created_at")}
    return StoredFile(id=found.file_id, **kept)


def _names(
    ctx: Context, request: ApprovalRequest, desk: ApprovalDesk | None, lines: Sequence[ApprovalEntry]
) -> dict[UUID, str]:
    ids = {request.org_id, *(line.org_id for line in lines if line.org_id is not None)}
    ids |= {place.id for place in desk.places} if desk is not None else set()
    return {row[0]: row[1] for row in ctx.session.execute(select(ORG.c.id, ORG.c.name).where(ORG.c.id.in_(ids)))}


def _hindrance(
    ctx: Context, request: ApprovalRequest, flow: Flow | None, desk: ApprovalDesk | None, seat: Seat | None
) -> Text:
    """Why somebody who sits at the desk cannot decide, or why nobody can."""
    if request.state not in (State.OPEN, State.RETURNED):
        return ""
    if flow is None or registry.step_of(flow, request.step) is None:
        return lazy("The module that this request belongs to is not installed. It can only be withdrawn.")
    if not registry.is_on(ctx, flow.module, request.org):
        return lazy("The module that this request belongs to is switched off at the organisation that asks.")
    if seat is None or desk is None:
        return ""
    asked = {identity for identity in (desk.asked_by, desk.sent_by) if identity is not None}
    if ctx.actor.account_id in asked:
        return lazy("Nobody decides what they asked for themselves.")
    if seat.behalf_id in asked:
        return lazy("%(name)s asked for this; nobody can decide it for them.", name=seat.behalf_name)
    return ""


def _acts(step: Step | None) -> Sequence[Act]:
    if step is None:
        return ()
    return (Act.APPROVE, Act.RETURN, Act.REJECT) if step.returns else (Act.APPROVE, Act.REJECT)


def _track(
    request: ApprovalRequest,
    flow: Flow | None,
    desk: ApprovalDesk | None,
    lines: Sequence[ApprovalEntry],
    names: Mapping[UUID, str],
) -> list[Track]:
    if flow is None:
        return []
    passed = {line.step: line.org_id for line in lines if line.round == request.round and line.org_id is not None}
    found = []
    for number, step in enumerate(flow.steps):
        place = desk.org_id if desk is not None and number == request.step else passed.get(step.key)
        found.append(Track(step.label, _stands(request, number), names.get(place, "") if place is not None else ""))
    return found


def _stands(request: ApprovalRequest, number: int) -> str:
    if request.state == State.APPROVED or number < request.step:
        return "done"
    if number > request.step:
        return "ahead"
    return "current" if request.state == State.OPEN else "stopped"


def _due(ctx: Context, desk: ApprovalDesk | None) -> Due | None:
    if desk is None:
        return None
    day, overdue = today(ctx.clock), ctx.clock.now() >= desk.due_at
    left, late = workdays.between(day, desk.due_on), workdays.between(desk.due_on, day)
    return Due(desk.due_on, left, late, overdue, desk.provisional)


def _line(request: ApprovalRequest, line: ApprovalEntry, names: Mapping[UUID, str]) -> Line:
    act = Act(line.act)
    return Line(
        at=line.at,
        act=line.act,
        label=ACTS[act],
        tone=TONES.get(act, ""),
        who=line.account_name,
        behalf=line.behalf_name,
        place=names.get(line.org_id, "") if line.org_id is not None else "",
        step=registry.step_called(request.flow, line.step) if line.step else "",
        opinion=line.opinion,
        explanation=line.explanation,
        late=line.late,
        pieces=[PieceLine(translate(label), agreed, reason) for _key, label, agreed, reason in line.pieces],
    )


def _files(ctx: Context, request: ApprovalRequest) -> list[ApprovalFile]:
    """The files of the newest round that brought any: correcting a request replaces what was handed in before."""
    rows = ctx.session.scalars(
        select(ApprovalFile).where(ApprovalFile.request_id == request.id).order_by(ApprovalFile.id)
    ).all()
    newest = max((row.round for row in rows), default=0)
    return [row for row in rows if row.round == newest]


def _correct(ctx: Context, request: ApprovalRequest, flow: Flow | None) -> str | None:
    if flow is None or flow.correct is None or request.state != State.RETURNED:
        return None
    return flow.correct(ctx, request.subject_id)
