"""Decide requests, one or many: one decider at a time, everybody else is told (APR-01, APR-02)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Text
from banyan.kernel.flows import DECISIONS, Act, Flow, Piece, State, Step
from banyan.kernel.i18n import lazy
from banyan.modules.approvals import rules
from banyan.modules.approvals.events import RequestDecided, tell
from banyan.modules.approvals.models import ApprovalDesk, ApprovalRequest
from banyan.modules.approvals.services import desks, history, telling
from banyan.modules.approvals.services.history import Said
from banyan.modules.approvals.services.reading import find, seat_at
from banyan.modules.approvals.services.requests import require_flow
from banyan.modules.approvals.services.seats import Seat, waiting

MOST_AT_ONCE = 200


def decide(
    ctx: Context,
    request_id: UUID,
    act: Act,
    opinion: str = "",
    *,
    version: int,
    explanation: str = "",
    pieces: Sequence[Piece] = (),
) -> ApprovalRequest:
    """Approve, return or reject the present step of a request.

    :param opinion: why; required except to approve. :param version: of the request, as it was read.
    :param explanation: why it is late, where it is.
    :param pieces: the answer to each part, where they differ: a request with something agreed to is approved, one with
        nothing is rejected. Each refusal has its reason.
    :raises Conflict: somebody else decided meanwhile; says who. :raises Forbidden: it does not wait for the actor.
    :raises Refused: one's own request, or its flow is switched off. :raises Invalid: what is missing.
    """
    request = find(ctx, request_id, lock=True)
    desk = desks.desk_of(ctx, request)
    if request.version != version or desk is None:
        raise _overtaken(ctx, request)
    flow = require_flow(ctx, request)
    step = flow.steps[request.step]
    seat = _seat(ctx, desk)
    said = Said(opinion, explanation, ctx.clock.now() >= desk.due_at, tuple(pieces))
    _check(step, act, said)
    move = rules.move(State(request.state), act, request.step, len(flow.steps))
    if move is None:
        raise _overtaken(ctx, request)
    _carry_out(ctx, request, flow, act, move, seat, said)
    return request


def _carry_out(
    ctx: Context, request: ApprovalRequest, flow: Flow, act: Act, move: rules.Move, seat: Seat, said: Said
) -> None:
    before, step = {"state": request.state, "step": request.step}, flow.steps[request.step].key
    desks.clear(ctx, request)
    request.state, request.step = move.state.value, move.step
    request.closed_at = ctx.clock.now() if move.state in rules.FINAL else None
    request.partly = act is Act.APPROVE and (request.partly or not all(piece.agreed for piece in said.pieces))
    history.write(ctx, request, act, step=step, seat=seat, said=said)
    if move.opens:
        desks.open_step(ctx, request, flow)
    after = {"state": request.state, "step": request.step, "opinion": said.opinion, "on_behalf_of": seat.behalf_name}
    if request.partly:
        after["partly"] = True
    telling.audited(ctx, request, act, before=before, after={key: value for key, value in after.items() if value != ""})
    tell(
        ctx,
        request.org,
        RequestDecided(str(request.id), request.flow, request.title, step, act.value, request.state, said.late),
    )
    telling.heard(ctx, request, flow, move, step=step, seat=seat, said=said)
    ctx.session.flush()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one of many: decided, or every reason why not."""

    desk_id: UUID
    request_id: UUID | None
    title: str
    decided: bool
    reasons: tuple[Text, ...] = ()


def decide_many(ctx: Context, desk_ids: Sequence[UUID], act: Act, opinion: str = "") -> list[Result]:
    """Decide several requests; each is decided or told why not, and none holds up the others.

    :param desk_ids: where they were seen waiting: one that has moved on to another step is not decided unseen.
    :raises Invalid: too many or none at once, or the opinion is missing.
    """
    if not 0 < len(desk_ids) <= MOST_AT_ONCE:
        raise Invalid({"ids": [lazy("Choose between 1 and %(most)s requests.", most=MOST_AT_ONCE)]})
    _check_opinion(act, opinion)
    return [_one_of_many(ctx, desk_id, act, opinion) for desk_id in dict.fromkeys(desk_ids)]


def titles(ctx: Context, ids: str) -> list[str]:
    """What the chosen requests are called that wait for the actor; those that do not are told when it is tried.

    :param ids: of desks, parted by spaces; what is none is left out.
    """
    found = []
    for part in ids.split()[:MOST_AT_ONCE]:
        with suppress(ValueError):
            found.append(UUID(part))
    rows = ctx.session.execute(
        select(ApprovalDesk.title).where(ApprovalDesk.id.in_(found), waiting(ctx)).order_by(ApprovalDesk.due_at)
    )
    return [row.title for row in rows]


def _one_of_many(ctx: Context, desk_id: UUID, act: Act, opinion: str) -> Result:
    desk = ctx.session.get(ApprovalDesk, desk_id, populate_existing=True)
    if desk is None or seat_at(ctx, desk) is None:
        return Result(desk_id, None, "", False, (lazy("It does not wait for you any more."),))
    title, request_id = desk.title, desk.request_id
    if ctx.org is not None and not any(place.path.startswith(ctx.org.path) for place in desk.places):
        return Result(desk_id, request_id, title, False, (lazy("It waits at another organisation. Decide it there."),))
    try:
        with ctx.session.begin_nested():
            request = find(ctx, request_id, lock=True)
            decide(ctx, request_id, act, opinion, version=_version_at(ctx, request, desk_id))
    except DomainError as error:
        named = [reason for reasons in error.fields.values() for reason in reasons]
        return Result(desk_id, request_id, title, False, (*error.reasons, *named))
    return Result(desk_id, request_id, title, True)


def _version_at(ctx: Context, request: ApprovalRequest, desk_id: UUID) -> int:
    desk = desks.desk_of(ctx, request)
    return request.version if desk is not None and desk.id == desk_id else -1


def _seat(ctx: Context, desk: ApprovalDesk) -> Seat:
    seat = seat_at(ctx, desk)
    if seat is None:
        raise Forbidden(lazy("This does not wait for you: others decide it."))
    me = ctx.actor.account_id
    if me is not None and me in (desk.asked_by, desk.sent_by):
        raise Refused(lazy("Nobody decides what they asked for themselves."))
    if seat.behalf_id is not None and seat.behalf_id in (desk.asked_by, desk.sent_by):
        raise Refused(lazy("%(name)s asked for this; nobody can decide it for them.", name=seat.behalf_name))
    return seat


def _check(step: Step, act: Act, said: Said) -> None:
    if act not in DECISIONS or (act is Act.RETURN and not step.returns):
        raise Invalid({"act": [lazy("This step can only be approved or rejected.")]})
    if said.pieces:
        _check_pieces(act, said.pieces)
    else:
        _check_opinion(act, said.opinion)
    if said.late and step.explain_late and not said.explanation:
        raise Invalid({"explanation": [lazy("The deadline is over: say why it is decided late.")]})


def _check_pieces(act: Act, pieces: Sequence[Piece]) -> None:
    agreed = any(piece.agreed for piece in pieces)
    if act is not (Act.APPROVE if agreed else Act.REJECT):
        raise Invalid({"act": [lazy("What is agreed to in part is approved; where nothing is, it is rejected.")]})
    silent = [piece.key for piece in pieces if not piece.agreed and not piece.reason.strip()]
    if silent:
        raise Invalid({key: [lazy("Say why: whoever asked will read it.")] for key in silent})


def _check_opinion(act: Act, opinion: str) -> None:
    if act is not Act.APPROVE and not opinion:
        raise Invalid({"opinion": [lazy("Say why: whoever asked will read it.")]})


def _overtaken(ctx: Context, request: ApprovalRequest) -> Conflict | NotFound:
    """Somebody was faster: who, and what they did."""
    last = history.entries(ctx, request)[-1]
    words = {
        Act.APPROVE: lazy("%(name)s has approved this meanwhile. Load the page again.", name=last.account_name),
        Act.RETURN: lazy("%(name)s has returned this meanwhile.", name=last.account_name),
        Act.REJECT: lazy("%(name)s has rejected this meanwhile.", name=last.account_name),
        Act.WITHDRAW: lazy("%(name)s has withdrawn this meanwhile.", name=last.account_name),
    }
    return Conflict(words.get(Act(last.act), lazy("This request has moved on meanwhile. Load the page again.")))
