"""Where the approval engine's panel leads to."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from banyan.kernel.context import Context
from banyan.modules.access.decision import may
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.permissions import CREATE, READ
from banyan.modules.transfers.services.reading import parties


def page(ctx: Context, subject_id: str) -> str | None:
    """The transfer's own page, at a side that the reader may see; for the member its own."""
    transfer = ctx.session.get(Transfer, UUID(subject_id))
    if transfer is None:
        return None
    for place in parties(ctx, transfer):
        if may(ctx, READ.name, place):
            code = ctx.session.get_one(Org, place.id).code
            return url_for("transfers_pages.show", code=code, transfer_id=transfer.id)
    mine = transfer.account_id is not None and transfer.account_id == ctx.actor.account_id
    return url_for("transfers_pages.mine_show", transfer_id=transfer.id) if mine else None


def correct(ctx: Context, subject_id: str) -> str | None:
    """The form in which a returned transfer is corrected."""
    transfer = ctx.session.get(Transfer, UUID(subject_id))
    if transfer is None:
        return None
    if transfer.account_id is not None and transfer.account_id == ctx.actor.account_id:
        return url_for("transfers_pages.mine_correct", transfer_id=transfer.id)
    if not may(ctx, CREATE.name, transfer.org):
        return None
    code = ctx.session.get_one(Org, transfer.org_id).code
    return url_for("transfers_pages.correct", code=code, transfer_id=transfer.id)
