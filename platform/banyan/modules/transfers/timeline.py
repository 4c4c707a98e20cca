"""Transfers in the file of a person."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import g, has_request_context, url_for
from sqlalchemy import select

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import TimelineEntry
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.rules import KINDS, STATES

KIND = "transfers.transfer"
LABELS: dict[str, Text] = {f"kind={KIND}": lazy("Transfer")}


def entries(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    """Transfers that happened or go on; those that came to nothing are no part of a life."""
    statement = select(Transfer).where(
        Transfer.person_id == person_id, Transfer.state.not_in(("withdrawn", "rejected", "failed"))
    )
    for transfer in ctx.session.scalars(statement.order_by(Transfer.id.desc()).limit(most)):
        way = lazy("Transfer: %(origin)s → %(to)s", origin=transfer.from_name, to=transfer.to_name)
        day = transfer.moved_on or transfer.applied_at.astimezone(SHANGHAI).date()
        said = f"{KINDS[transfer.kind]} · {STATES[transfer.state]}"
        there = has_request_context() and g.get("code")
        address = url_for("transfers_pages.show", transfer_id=transfer.id) if there else ""
        yield TimelineEntry(day, KIND, way, said, address)
