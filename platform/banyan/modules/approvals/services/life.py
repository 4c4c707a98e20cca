"""What approvals have to say when an organisation is to be revoked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.approvals.models import ApprovalDesk


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
