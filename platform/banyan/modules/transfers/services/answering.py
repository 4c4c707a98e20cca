"""What becomes of a transfer as its request is answered: heard from the approval engine, in the transaction of the act.

The side that decides does not see the other one. So nothing here touches the member: an accepted transfer is handed to
the job of `moving`, queued in the same transaction, which sees both sides and moves the member in one.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.flows import Heard, Outcome
from banyan.kernel.treepath import ancestors
from banyan.kernel.values import OrgRef
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import rules
from banyan.modules.transfers.events import TransferOverdue
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import crossing, joining, moving, places, roles, telling
from banyan.modules.transfers.services.reading import parties

__all__ = ["Outcome", "heard"]


def heard(ctx: Context, outcome: Outcome) -> None:
    """Take what the engine told.

    :raises Refused: it cannot be accepted any more, with every reason.
    """
    transfer = hold(ctx, UUID(outcome.subject_id))
    if outcome.kind is Heard.OVERDUE:
        _overdue(ctx, transfer, outcome)
        return
    state = rules.becomes(outcome.kind, transfer.direction, transfer.origin)
    if state is None:
        return
    reasons = _against(ctx, transfer, outcome)
    if reasons:
        raise Refused(*reasons)
    turn(ctx, transfer, state, opinion=outcome.opinion)
    if state == "accepted":
        moving.hand_over(ctx)
    elif state == "offered":
        crossing.offer(ctx, transfer)
    elif transfer.direction == "inward" and state in ("rejected", "withdrawn"):
        crossing.answer(ctx, transfer, "refuse" if state == "rejected" else "recalled", outcome.opinion)


def hold(ctx: Context, transfer_id: UUID) -> Transfer:
    """The transfer, held against everybody else until the transaction ends."""
    return ctx.session.get_one(Transfer, transfer_id, with_for_update=True, populate_existing=True)


def turn(ctx: Context, transfer: Transfer, state: str, *, opinion: str = "") -> None:
    """Bring a transfer into another state, and tell."""
    before = {"state": transfer.state}
    transfer.state = state
    transfer.opinion = opinion
    transfer.closed_at = None if state in rules.OPEN else ctx.clock.now()
    ctx.session.flush()
    after = {"state": state, **({"opinion": opinion} if opinion else {})}
    telling.entry(ctx, transfer, "change", before=before, after=after)
    telling.changed(ctx, transfer)


def _against(ctx: Context, transfer: Transfer, outcome: Outcome) -> list[Text]:
    """Why it cannot go on: asked of the side that lets go before it does, and of the one that takes."""
    if outcome.kind not in (Heard.PASSED, Heard.APPROVED):
        return []
    reasons: list[Text] = []
    if outcome.step == "sending" and transfer.from_id is not None:
        reasons.extend(roles.against(ctx, transfer.account_id, transfer.org))
    if transfer.to_id is not None:
        to = places.hold(ctx, [transfer.to_id]).get(transfer.to_id)
        reasons.extend(places.against(ctx, to) if to is not None else [])
    return reasons


def _overdue(ctx: Context, transfer: Transfer, outcome: Outcome) -> None:
    """Both sides and both upper levels see and hear that a side is late (TRF-02)."""
    sides = parties(ctx, transfer)
    above = [place for place in (_parent(ctx, side) for side in sides) if place is not None]
    for place in above:
        joining.add_party(ctx, transfer, place, "above")
        joining.show_request(ctx, transfer, place)
    event = TransferOverdue(str(transfer.id), str(transfer.member_id or ""), outcome.step)
    telling.tell(ctx, [*sides, *above], event)


def _parent(ctx: Context, org: OrgRef) -> OrgRef | None:
    above = ancestors(org.path)
    row = ctx.session.execute(select(Org.id, Org.path).where(Org.path == above[-1])).first() if above else None
    return OrgRef(row.id, row.path) if row is not None else None
