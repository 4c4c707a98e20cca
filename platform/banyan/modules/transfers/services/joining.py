"""Who is concerned by a transfer: rows that let an organisation see it, and its request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.values import OrgRef
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.services import desks
from banyan.modules.transfers.models import Transfer, TransferParty


def add_party(ctx: Context, transfer: Transfer, org: OrgRef, side: str) -> None:
    """Let an organisation see a transfer; one that sees it as that side already stays as it is.

    Sides name each other without seeing each other: the database knows whether the row is there.
    """
    ctx.session.flush()
    values = {"id": new_id(), "transfer_id": transfer.id, "org_id": org.id, "org_path": org.path, "side": side}
    ctx.session.execute(insert(TransferParty).values(**values).on_conflict_do_nothing())


def show_request(ctx: Context, transfer: Transfer, org: OrgRef) -> None:
    """Let an organisation read the request of a transfer: where it stands, and why."""
    request: UUID | None = transfer.request_id
    if request is not None:
        desks.name_party(ctx, ctx.session.get_one(ApprovalRequest, request), org, desks.ABOVE)
