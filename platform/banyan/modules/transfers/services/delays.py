"""A side that cannot decide in time tells sender and member why, as often as there is something to say (TRF-01)."""

from __future__ import annotations

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Forbidden, Refused
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import decide
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.events import TransferDelayed
from banyan.modules.transfers.models import Transfer, TransferNote
from banyan.modules.transfers.permissions import DECIDE
from banyan.modules.transfers.services import telling
from banyan.modules.transfers.services.answering import hold
from banyan.modules.transfers.services.reading import parties


def desk_of(ctx: Context, transfer: Transfer) -> ApprovalDesk | None:
    """Where it waits now."""
    if transfer.request_id is None:
        return None
    return ctx.session.scalar(select(ApprovalDesk).where(ApprovalDesk.request_id == transfer.request_id))


def may_explain(ctx: Context, transfer: Transfer) -> bool:
    """Whether it waits for the actor, who could say why it takes long."""
    desk = desk_of(ctx, transfer)
    return desk is not None and any(decide(ctx, DECIDE.name, place).allowed for place in desk.places)


def explain(ctx: Context, transfer: Transfer, text: str) -> TransferNote:
    """Say why it takes longer: everybody concerned reads it from now on.

    :raises Refused: it is decided, nobody waits. :raises Forbidden: others decide it.
    """
    transfer = hold(ctx, transfer.id)
    desk = desk_of(ctx, transfer)
    if desk is None:
        raise Refused(lazy("Nobody waits for this any more."))
    if not may_explain(ctx, transfer):
        raise Forbidden(lazy("This does not wait for you: others decide it."))
    org = ctx.session.get_one(Org, desk.org_id)
    note = TransferNote(
        transfer_id=transfer.id,
        at=ctx.clock.now(),
        step=desk.step,
        org_name=org.name,
        account_id=ctx.actor.account_id,
        text=text,
    )
    ctx.session.add(note)
    ctx.session.flush()
    telling.entry(ctx, transfer, "delay", after={"explanation": text})
    event = TransferDelayed(str(transfer.id), str(transfer.member_id or ""))
    telling.tell(ctx, parties(ctx, transfer), event)
    return note
