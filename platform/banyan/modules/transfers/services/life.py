"""What becomes of transfers when organisations are merged or to be revoked, and when members leave."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.approvals import services as approvals
from banyan.modules.people.models import Member
from banyan.modules.transfers.models import Transfer, TransferBatch, TransferParty
from banyan.modules.transfers.rules import DECIDABLE, OPEN
from banyan.modules.transfers.services import moving
from banyan.modules.transfers.services.answering import hold


def in_the_way(ctx: Context, org: OrgRef) -> Sequence[Text]:
    """Open transfers from and to an organisation keep it from being revoked: nobody may be lost between branches."""
    sides = or_(Transfer.from_id == org.id, Transfer.to_id == org.id)
    number = ctx.session.scalar(select(func.count()).select_from(Transfer).where(Transfer.state.in_(OPEN), sides)) or 0
    return [lazy("%(n)s transfers from or to this organisation are open.", n=number)] if number else []


def merge(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """Open transfers follow an organisation into the one that remains; those between the two are settled by that."""
    both = or_(
        (Transfer.from_id == org.id) & (Transfer.to_id == into.id),
        (Transfer.from_id == into.id) & (Transfer.to_id == org.id),
    )
    between = select(Transfer.id).where(Transfer.state.in_(OPEN), Transfer.direction == "within", both)
    for transfer_id in ctx.session.scalars(between).all():
        _close(ctx, transfer_id, lazy("The two organisations have become one; the member is where it wanted to be."))
    for column, values in (
        (Transfer.from_id, {"from_id": into.id}),
        (Transfer.to_id, {"to_id": into.id, "to_path": into.path}),
    ):
        statement = update(Transfer).where(column == org.id).values(**values)
        ctx.session.execute(statement.execution_options(synchronize_session=False))
    _parties(ctx, org, into)
    _batches(ctx, org, into)
    ctx.session.flush()
    ctx.session.expire_all()


def left(ctx: Context, member_id: UUID) -> None:
    """A member who has left is not transferred: an open transfer is over. Heard twice it does nothing more."""
    open_ones = select(Transfer.id).where(Transfer.member_id == member_id, Transfer.state.in_(OPEN))
    member = ctx.session.get(Member, member_id)
    if member is None or member.status == "active":
        return  # it has been restored meanwhile
    for transfer_id in ctx.session.scalars(open_ones).all():
        _close(ctx, transfer_id, lazy("The membership has ended."))


def together(ctx: Context, kept: UUID, gone: UUID) -> None:
    """Two persons turned out to be one: their transfers are that one's; open ones of ended records end."""
    ctx.session.execute(
        update(Transfer)
        .where(Transfer.person_id == gone)
        .values(person_id=kept)
        .execution_options(synchronize_session=False)
    )
    ended = select(Member.id).where(Member.status != "active", Member.person_id.in_((kept, gone)))
    open_ones = select(Transfer.id).where(Transfer.member_id.in_(ended), Transfer.state.in_(OPEN))
    for transfer_id in ctx.session.scalars(open_ones).all():
        _close(ctx, transfer_id, lazy("The record was put together with another one."))


def _close(ctx: Context, transfer_id: UUID, why: Text) -> None:
    """The request is locked before the transfer, as by everybody who decides."""
    transfer = ctx.session.get_one(Transfer, transfer_id)
    if transfer.state in DECIDABLE and transfer.request_id is not None:
        approvals.withdraw(ctx, transfer.request_id, note=str(why), vouched=True)
        return
    transfer = hold(ctx, transfer_id)
    if transfer.state in OPEN:
        moving.end_failed(ctx, transfer, str(why))


def _parties(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """Rows that the one that remains has already stay with the one that ended; the others go over with all its rows."""
    named = select(TransferParty.transfer_id, TransferParty.side).where(TransferParty.org_id == into.id)
    twice = {(row.transfer_id, row.side) for row in ctx.session.execute(named)}
    rows = ctx.session.scalars(select(TransferParty).where(TransferParty.org_id == org.id)).all()
    for row in rows:
        if (row.transfer_id, row.side) in twice:
            ctx.session.delete(row)
    ctx.session.flush()


def _batches(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    taken = select(TransferBatch.source).where(TransferBatch.org_id == into.id)
    for batch in ctx.session.scalars(
        select(TransferBatch).where(TransferBatch.org_id == org.id, TransferBatch.source.in_(taken))
    ).all():
        batch.source = f"{batch.source}:{batch.id}"
    ctx.session.flush()
