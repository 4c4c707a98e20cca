"""Transfer those that were selected in the list of members."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.modules.people.services.bulk import BulkAct, register
from banyan.modules.transfers.permissions import CREATE

TOGETHER = register(
    BulkAct("transfer", lazy("Transfer together"), "transfer", CREATE.name, endpoint="transfers_pages.choose", order=20)
)
