"""Who may see a transfer: readers at its sides, and the member. Nobody else learns that it exists."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide, visible
from banyan.modules.audit.services import Subject
from banyan.modules.transfers.models import Transfer, TransferBatch, TransferNote, TransferParty
from banyan.modules.transfers.permissions import READ
from banyan.modules.transfers.rules import OPEN

SIDES = ("from", "to")
NOTHING = lazy("There is nothing here, or it is not within your reach.")


def subject(transfer: Transfer) -> Subject:
    """A transfer as the audit log names it."""
    return Subject("transfer", str(transfer.id), f"{transfer.name}: {transfer.from_name} → {transfer.to_name}")


def parties(ctx: Context, transfer: Transfer) -> list[OrgRef]:
    """The organisations concerned that the session sees."""
    statement = select(TransferParty.org_id, TransferParty.org_path).where(TransferParty.transfer_id == transfer.id)
    return [OrgRef(row.org_id, row.org_path) for row in ctx.session.execute(statement.order_by(TransferParty.id))]


def find(ctx: Context, transfer_id: UUID, permission: str = READ.name) -> Transfer:
    """A transfer at one of whose sides, here or below, the actor may do ``permission``.

    :raises NotFound: it does not exist or is none of their business.
    """
    transfer = ctx.session.get(Transfer, transfer_id, populate_existing=True)
    if transfer is None or not any(_allowed(ctx, permission, place) for place in parties(ctx, transfer)):
        raise NotFound(NOTHING)
    return transfer


def _allowed(ctx: Context, permission: str, place: OrgRef) -> bool:
    inside = ctx.org is None or place.path.startswith(ctx.org.path)
    return inside and decide(ctx, permission, place).allowed


def of_account(ctx: Context, transfer_id: UUID) -> Transfer:
    """A transfer of the actor's own. :raises NotFound: somebody else's, or none."""
    transfer = ctx.session.get(Transfer, transfer_id, populate_existing=True)
    mine = transfer is not None and transfer.account_id is not None and transfer.account_id == ctx.actor.account_id
    if transfer is None or not mine:
        raise NotFound(NOTHING)
    return transfer


def own(ctx: Context) -> Sequence[Transfer]:
    """The transfers of the actor's own records, newest first."""
    statement = select(Transfer).where(Transfer.account_id == ctx.actor.account_id, Transfer.account_id.is_not(None))
    return ctx.session.scalars(statement.order_by(Transfer.id.desc()).limit(50)).all()


def open_of(ctx: Context, member_id: UUID) -> Transfer | None:
    """The open transfer of a member that the session sees."""
    return ctx.session.scalar(select(Transfer).where(Transfer.member_id == member_id, Transfer.state.in_(OPEN)))


def notes(ctx: Context, transfer: Transfer) -> Sequence[TransferNote]:
    """What was said about why it takes long, newest first."""
    statement = select(TransferNote).where(TransferNote.transfer_id == transfer.id)
    return ctx.session.scalars(statement.order_by(TransferNote.at.desc(), TransferNote.id.desc())).all()


def seen(ctx: Context, permission: str = READ.name, sides: Sequence[str] = SIDES) -> ColumnElement[bool]:
    """The predicate of transfers one of whose ``sides`` lies here or below, where the actor may see them."""
    places = {
        "from": visible(ctx, permission, Transfer.org_path, within=ctx.here) & (Transfer.direction != "inward"),
        "to": visible(ctx, permission, Transfer.to_path, within=ctx.here),
        "above": exists().where(
            TransferParty.transfer_id == Transfer.id,
            TransferParty.side == "above",
            visible(ctx, permission, TransferParty.org_path, within=ctx.here),
        ),
    }
    return or_(*(places[name] for name in sides))


def batch(ctx: Context, batch_id: UUID) -> TransferBatch:
    """What transfers belong to together, where the actor may see it or one of them.

    :raises NotFound: it does not exist or is none of their business.
    """
    found = ctx.session.get(TransferBatch, batch_id)
    if found is None:
        raise NotFound(NOTHING)
    mine = _allowed(ctx, READ.name, found.org)
    row = select(Transfer.id).where(Transfer.batch_id == batch_id, seen(ctx)).limit(1)
    if not mine and ctx.session.scalar(row) is None:
        raise NotFound(NOTHING)
    return found
