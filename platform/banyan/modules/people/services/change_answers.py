"""The branch's answers: item by item, each refusal with its reason; and its checks of what took effect (PPL-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.flows import Act, Heard, Outcome, Piece
from banyan.kernel.i18n import lazy, msgid
from banyan.modules.access.decision import load
from banyan.modules.approvals import services as approvals
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.audit.services import record
from banyan.modules.people.change_events import ChangeAnswered, ChangeChecked
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_REVIEW
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules.changes import Answer
from banyan.modules.people.services import change_values
from banyan.modules.people.services.changes import BRANCH, FLOW, NOTHING, of_request
from banyan.modules.people.services.changing import subject

EDITED: Text = lazy("The record was edited meanwhile. Look at what it says now, and answer again.")
MOVED: Text = lazy("The member has gone to another organisation; what was asked for here cannot be agreed to any more.")
DECIDED: Mapping[Heard, str] = {Heard.APPROVED: "agreed", Heard.REJECTED: "refused", Heard.WITHDRAWN: "withdrawn"}


def answer(
    ctx: Context,
    request_id: UUID,
    answers: Mapping[str, Answer],
    *,
    version: int,
    record_version: int,
    explanation: str = "",
) -> ApprovalRequest:
    """Answer every item of a request: what is agreed to takes effect with it, the rest does not.

    :param answers: item → answer. :param version: of the request, ``record_version``: of the record, as they were read.
    :raises Invalid: with every reason, by item: no answer, a refusal without a reason, against the rules of records.
    :raises Conflict: somebody else decided it, or edited the record. :raises Forbidden: it does not wait for the actor.
    """
    request = approvals.find(ctx, request_id, lock=True)
    rows = of_request(ctx, request_id)
    if request.flow != FLOW or not rows:
        raise NotFound(NOTHING)
    waiting = [row.item for row in rows if row.state == rules.WAITING]
    if waiting:
        problems = rules.missing_answers(waiting, answers)
        if problems:
            raise Invalid(problems)
        member = _held(ctx, rows[0].member_id)
        if request.version == version and member.version != record_version:
            raise Conflict(EDITED)
    pieces = [
        Piece(item, msgid(rules.LABELS[item]), answers[item].agreed, answers[item].reason.strip()) for item in waiting
    ]
    act = Act.APPROVE if any(piece.agreed for piece in pieces) else Act.REJECT
    return approvals.decide(ctx, request_id, act, version=version, explanation=explanation, pieces=pieces)


def heard(ctx: Context, outcome: Outcome) -> None:
    """What the approval engine tells: answered, taken back, late."""
    state = DECIDED.get(outcome.kind)
    if state is None:
        return
    rows = [row for row in of_request(ctx, outcome.request_id) if row.state == rules.WAITING]
    answers = _answers(rows, outcome)
    if outcome.kind is Heard.APPROVED:
        _take_effect(ctx, rows, answers, outcome)
    for row in rows:
        agreed = answers[row.item].agreed
        row.state = state if outcome.kind is Heard.WITHDRAWN else ("agreed" if agreed else "refused")
        row.decided_at, row.decided_by = ctx.clock.now(), outcome.actor_id
        row.answer = "" if agreed else answers[row.item].reason
    ctx.session.flush()
    if rows and outcome.kind is not Heard.WITHDRAWN:
        publish(ctx, rows[0].org, ChangeAnswered(str(rows[0].member_id), str(outcome.request_id)))


def _answers(rows: Sequence[MemberChange], outcome: Outcome) -> dict[str, Answer]:
    """The answer to each item; one who decides the whole at once answers all alike."""
    given = {piece.key: Answer(piece.agreed, piece.reason) for piece in outcome.pieces}
    whole = Answer(outcome.kind is Heard.APPROVED, outcome.opinion)
    return {row.item: given.get(row.item, whole) for row in rows}


def _take_effect(ctx: Context, rows: Sequence[MemberChange], answers: Mapping[str, Answer], outcome: Outcome) -> None:
    if not rows:
        return
    member = _held(ctx, rows[0].member_id)
    side = outcome.sides.get(BRANCH)
    if side is None or member.org_id != side.id or member.status != "active":
        raise Refused(MOVED)
    if not outcome.pieces and any(
        not rules.same(change_values.current(ctx, member, row.item), change_values.old_of(row)) for row in rows
    ):
        raise Refused(lazy("The record was edited meanwhile. Answer this request point by point."))
    asked = {row.item: change_values.new_of(row) for row in rows}
    try:
        change_values.put(ctx, member, rules.agreed_to(asked, answers), "people.own.agreed")
    except Invalid as error:
        agreed = [item for item in asked if answers[item].agreed]
        raise Invalid(change_values.by_item(error, agreed)) from error


def confirm(ctx: Context, change_id: UUID) -> MemberChange:
    """Note that what a member changed is right.

    :raises Conflict: it was changed again or checked already. :raises Refused: one's own.
    """
    row = _unchecked(ctx, change_id)
    _close(ctx, row, "confirmed")
    return row


def confirm_many(ctx: Context, change_ids: Sequence[UUID]) -> tuple[int, list[Text]]:
    """Confirm several; each is confirmed or told why not, and none holds up the others.

    :return: how many were confirmed, and the reasons of the others.
    """
    done, reasons = 0, list[Text]()
    for change_id in dict.fromkeys(change_ids):
        try:
            with ctx.session.begin_nested():
                confirm(ctx, change_id)
            done += 1
        except (Conflict, Refused, NotFound) as error:
            reasons.extend(reason for reason in error.reasons if reason not in reasons)
    return done, reasons


def put_back(ctx: Context, change_id: UUID, reason: str) -> MemberChange:
    """Put the old value back, with the reason, which the member reads.

    :raises Invalid: no reason, or the old value is against the rules of records. :raises Conflict: as for `confirm`.
    """
    if not reason.strip():
        raise Invalid({"reason": [lazy("Say why: whoever asked will read it.")]})
    row = _unchecked(ctx, change_id)
    member = _held(ctx, row.member_id)
    if not rules.same(change_values.current(ctx, member, row.item), change_values.new_of(row)):
        raise Conflict(EDITED)
    change_values.put(ctx, member, change_values.old_of(row), "people.member.update")
    row.answer = reason.strip()
    _close(ctx, row, "put_back")
    return row


def _unchecked(ctx: Context, change_id: UUID) -> MemberChange:
    row = load(ctx, MEMBER_REVIEW.name, MemberChange, change_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.state != rules.UNCHECKED:
        raise Conflict(lazy("This was checked already, or changed again. Load the page again."))
    if row.asked_by is not None and row.asked_by == ctx.actor.account_id:
        raise Refused(lazy("Nobody checks what they changed themselves."))
    return row


def _close(ctx: Context, row: MemberChange, state: str) -> None:
    row.state, row.decided_at, row.decided_by = state, ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    member = ctx.session.get_one(Member, row.member_id)
    before, after = {"change_state": rules.UNCHECKED}, {"changed_item": row.item, "change_state": state}
    if row.answer:
        after["reason"] = row.answer
    action = "people.change.confirm" if state == "confirmed" else "people.change.put_back"
    record(ctx, action, subject(member), org=row.org, before=before, after=after)
    publish(ctx, row.org, ChangeChecked(str(row.member_id), str(row.id), state))


def _held(ctx: Context, member_id: UUID) -> Member:
    member = ctx.session.scalars(select(Member).where(Member.id == member_id)).one_or_none()
    if member is None:
        raise Refused(MOVED)
    ctx.session.refresh(member, with_for_update=True)
    return member
