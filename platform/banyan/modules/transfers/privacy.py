"""What transfers hold about a person: told to that person, and forgotten when it must be (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.services import of_person as requests
from banyan.modules.transfers.models import Transfer, TransferMessage, TransferNote
from banyan.modules.transfers.rules import OPEN

SHOWN = ("kind", "direction", "origin", "name", "from_name", "to_name", "reason", "state", "opinion")
DAYS = ("applied_at", "effective_on", "moved_on", "closed_at")


def export(ctx: Context, person_id: str) -> dict[str, Any]:
    """Every transfer of the person, with what was said about it."""
    found = []
    for transfer in _of(ctx, UUID(person_id)):
        notes = select(TransferNote).where(TransferNote.transfer_id == transfer.id).order_by(TransferNote.at)
        found.append(
            {
                **{key: getattr(transfer, key) for key in SHOWN},
                **{key: value.isoformat() if (value := getattr(transfer, key)) else None for key in DAYS},
                "delays": [
                    {"at": note.at.isoformat(), "organisation": note.org_name, "said": note.text}
                    for note in ctx.session.scalars(notes)
                ],
            }
        )
    return {"transfers": found} if found else {}


def erase(ctx: Context, person_id: str) -> dict[str, int]:
    """Forget who it was; that somebody went from one organisation to another stays, as figures rest on it."""
    transfers = _of(ctx, UUID(person_id))
    crossings = [transfer.crossing_id for transfer in transfers if transfer.crossing_id is not None]
    for transfer in transfers:
        transfer.name, transfer.reason, transfer.opinion = "", "", ""
    ctx.session.flush()
    requests.forget(ctx, ApprovalRequest.subject_id.in_([str(transfer.id) for transfer in transfers]))
    if crossings:
        bodies = update(TransferMessage).where(TransferMessage.crossing_id.in_(crossings)).values(body=None)
        ctx.session.execute(bodies.execution_options(synchronize_session=False))
    return {"transfer": len(transfers)} if transfers else {}


def against(ctx: Context, person_id: str) -> list[Text]:
    """Transfers of the person that have not ended."""
    number = sum(transfer.state in OPEN for transfer in _of(ctx, UUID(person_id)))
    return [lazy("Transfers that have not ended: %(n)s. Wait for them or withdraw them.", n=number)] if number else []


def kept(ctx: Context, person_id: str) -> list[Text]:
    """That somebody went from one organisation to another."""
    found = _of(ctx, UUID(person_id))
    return [lazy("Transfers from one organisation to another, without a name: figures rest on them.")] if found else []


def _of(ctx: Context, person_id: UUID) -> list[Transfer]:
    return list(ctx.session.scalars(select(Transfer).where(Transfer.person_id == person_id).order_by(Transfer.id)))
