"""What becomes of requests when an organisation is merged into another one, or is to be revoked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.flows import State
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.approvals.models import ApprovalDesk, ApprovalParty, ApprovalRequest


def in_the_way(ctx: Context, org: OrgRef) -> Sequence[Text]:
    """Requests of the organisation that are not decided, and those that wait for it."""
    asked = _count(ctx, ApprovalDesk.asking_id == org.id)
    waits = _count(ctx, or_(ApprovalDesk.org_id == org.id, ApprovalDesk.above_id == org.id))
    reasons: list[Text] = []
    if asked:
        reasons.append(lazy("%(number)s requests of this organisation are not decided yet.", number=asked))
    if waits:
        reasons.append(lazy("%(number)s requests wait for a decision of this organisation.", number=waits))
    return reasons


def _count(ctx: Context, where: ColumnElement[bool]) -> int:
    return ctx.session.scalar(select(func.count()).select_from(ApprovalDesk).where(where)) or 0


def merge(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """Let the organisation that remains see, ask and decide what was the other one's.

    Sides are never rewritten: the one that remains is named beside the one that ended.
    """
    named = select(ApprovalParty.request_id, literal(into.id), literal(into.path), ApprovalParty.side)
    columns = ["request_id", "org_id", "org_path", "side"]
    ctx.session.execute(
        insert(ApprovalParty).from_select(columns, named.where(ApprovalParty.org_id == org.id)).on_conflict_do_nothing()
    )
    for key, values in (
        ("asking_id", {"asking_id": into.id}),
        ("above_id", {"above_id": into.id, "above_path": into.path}),
    ):
        column = getattr(ApprovalDesk, key)
        ctx.session.execute(
            update(ApprovalDesk).where(column == org.id).values(**values).execution_options(synchronize_session=False)
        )
    for request in _going_on(ctx, org):
        request.sides = {
            name: str(into.id) if identity == str(org.id) else identity for name, identity in request.sides.items()
        }
    ctx.session.flush()


def _going_on(ctx: Context, org: OrgRef) -> Sequence[ApprovalRequest]:
    """Requests that are not over and concern ``org``."""
    concerned = select(ApprovalParty.request_id).where(ApprovalParty.org_id == org.id)
    going_on = ApprovalRequest.state.in_((State.OPEN, State.RETURNED))
    return ctx.session.scalars(select(ApprovalRequest).where(ApprovalRequest.id.in_(concerned), going_on)).all()
