"""The history of a request: written here alone, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.flows import Act, Piece
from banyan.modules.access.neighbours import ACCOUNT
from banyan.modules.approvals.models import ApprovalEntry, ApprovalRequest
from banyan.modules.approvals.services.seats import Seat


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote with an act, and how it was done."""

    opinion: str = ""
    explanation: str = ""
    late: bool = False
    pieces: tuple[Piece, ...] = ()


NOTHING = Said()


def write(
    ctx: Context, request: ApprovalRequest, act: Act, *, step: str = "", seat: Seat | None = None, said: Said = NOTHING
) -> ApprovalEntry:
    """Append a line. The caller holds the request's row, so that numbers have no gaps.

    :param seat: where and for whom somebody decided; None for those who ask and for the clock.
    """
    last = ctx.session.scalar(select(func.max(ApprovalEntry.number)).where(ApprovalEntry.request_id == request.id))
    entry = ApprovalEntry(
        request_id=request.id,
        number=(last or 0) + 1,
        round=request.round,
        at=ctx.clock.now(),
        act=act.value,
        step=step,
        org_id=seat.org.id if seat else None,
        account_id=ctx.actor.account_id,
        account_name=name_of(ctx, ctx.actor.account_id),
        behalf_id=seat.behalf_id if seat else None,
        behalf_name=seat.behalf_name if seat else "",
        opinion=said.opinion,
        explanation=said.explanation,
        late=said.late,
        pieces=[[piece.key, piece.label, piece.agreed, piece.reason] for piece in said.pieces],
    )
    ctx.session.add(entry)
    ctx.session.flush()
    return entry


def entries(ctx: Context, request: ApprovalRequest) -> list[ApprovalEntry]:
    """All lines, oldest first."""
    statement = select(ApprovalEntry).where(ApprovalEntry.request_id == request.id).order_by(ApprovalEntry.number)
    return list(ctx.session.scalars(statement))


def name_of(ctx: Context, account_id: UUID | None) -> str:
    """What an account is called now; empty for none."""
    if account_id is None:
        return ""
    return ctx.session.scalar(select(ACCOUNT.c.display_name).where(ACCOUNT.c.id == account_id)) or ""
