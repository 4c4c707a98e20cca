"""What members find about transfers on their own page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OwnTile
from banyan.modules.transfers.rules import STATES
from banyan.modules.transfers.services import reading


def own(ctx: Context, member_id: UUID) -> Sequence[OwnTile]:
    """The open transfer of a record, or the way to ask for one."""
    found = reading.open_of(ctx, member_id)
    if found is None:
        text = lazy("Going elsewhere for study, work or military service")
        return (OwnTile("transfers", lazy("Transfer"), "transfers_pages.mine", text, "transfer", order=40),)
    way = lazy("To %(place)s: %(state)s", place=found.to_name, state=STATES[found.state])
    waits = found.state == "returned" and found.origin == "own"
    values = {"transfer_id": found.id}
    endpoint = "transfers_pages.mine_show"
    return (OwnTile("transfers", lazy("Transfer"), endpoint, way, "transfer", waits, order=40, values=values),)
