"""What the pages of branches and of members share."""

from __future__ import annotations

from typing import Any

from banyan.kernel.context import Context
from banyan.modules.transfers import rules, schemas
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import places
from banyan.web.forms import BoundForm


def correction_form(ctx: Context, transfer: Transfer) -> BoundForm:
    """The form of a correction, as the transfer is now."""
    code = places.code_of(ctx, transfer.to_id) if transfer.to_id else transfer.away_code
    held = {key: getattr(transfer, key) for key in ("kind", "effective_on", "reason", "version")}
    return BoundForm(schemas.TransferCorrection(), obj={**held, "to": code})


def words() -> dict[str, Any]:
    """The words of transfers, for templates."""
    return {
        "states": rules.STATES,
        "tones": rules.TONES,
        "kinds": rules.KINDS,
        "origins": rules.ORIGINS,
        "directions": rules.DIRECTIONS,
    }
