"""A step opens: who decides is looked up, the working days begin, the request waits at a desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.flows import Flow, Step
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import ancestors
from banyan.kernel.values import OrgRef
from banyan.modules.access.services.administrators import seated
from banyan.modules.approvals import rules
from banyan.modules.approvals.models import ApprovalDesk, ApprovalParty, ApprovalRequest
from banyan.modules.tenancy.models import Org

DECIDES, ABOVE = "decides", "above"


def open_step(ctx: Context, request: ApprovalRequest, flow: Flow) -> ApprovalDesk:
    """Put the request on the desk of its present step.

    Where nobody at the deciding organisation can decide, the nearest organisation above with somebody may as well.

    :raises Refused: the organisation that should decide does not exist any more, or has none above it.
    """
    step = flow.steps[request.step]
    org = _deciding(ctx, request, step)
    due = rules.deadline(step, today(ctx.clock))
    desk = ApprovalDesk(
        org_id=org.id,
        org_path=org.path,
        request_id=request.id,
        flow=flow.name,
        step=step.key,
        permission=step.permission,
        title=request.title,
        asking_id=request.org_id,
        asked_by=request.asked_by,
        sent_by=request.sent_by,
        opened_at=ctx.clock.now(),
        due_on=due.on,
        due_at=due.at,
        provisional=due.provisional,
        remind_at=due.remind_at,
    )
    ctx.session.add(desk)
    name_party(ctx, request, org, DECIDES)
    if not _others(ctx, request, org, step.permission):
        add_above(ctx, request, desk, next(_manned(ctx, request, org, step.permission), None))
    ctx.session.flush()
    return desk


def desk_of(ctx: Context, request: ApprovalRequest) -> ApprovalDesk | None:
    """Where a request waits now; None when it waits nowhere."""
    return ctx.session.scalar(select(ApprovalDesk).where(ApprovalDesk.request_id == request.id))


def clear(ctx: Context, request: ApprovalRequest) -> ApprovalDesk | None:
    """Take the request off its desk."""
    desk = desk_of(ctx, request)
    if desk is not None:
        ctx.session.delete(desk)
        ctx.session.flush()
    return desk


def sides_of(ctx: Context, sides: Mapping[str, Any]) -> dict[str, OrgRef]:
    """The sides named at submission, where they stand now; those that are gone are left out."""
    ids = {name: UUID(str(value)) for name, value in sides.items()}
    rows = ctx.session.execute(select(Org.id, Org.path).where(Org.id.in_(set(ids.values()))))
    places = {row.id: OrgRef(row.id, row.path) for row in rows}
    return {name: places[identity] for name, identity in ids.items() if identity in places}


def name_party(ctx: Context, request: ApprovalRequest, org: OrgRef, side: str) -> None:
    """Let another organisation see the request; one that is named already stays as it is.

    Those below name sides above them that they cannot see: the database knows whether the row is there.
    """
    ctx.session.flush()
    values = {"request_id": request.id, "org_id": org.id, "org_path": org.path, "side": side}
    ctx.session.execute(insert(ApprovalParty).values(**values).on_conflict_do_nothing())


def add_above(ctx: Context, request: ApprovalRequest, desk: ApprovalDesk, above: OrgRef | None) -> None:
    """Let an organisation above decide as well."""
    if above is not None:
        desk.above_id, desk.above_path = above.id, above.path
        name_party(ctx, request, above, ABOVE)


def parent(ctx: Context, org: OrgRef) -> OrgRef | None:
    """The organisation above; None for a root."""
    above = ancestors(org.path)
    row = ctx.session.execute(select(Org.id, Org.path).where(Org.path == above[-1])).first() if above else None
    return OrgRef(row.id, row.path) if row else None


def _deciding(ctx: Context, request: ApprovalRequest, step: Step) -> OrgRef:
    side = sides_of(ctx, request.sides).get(step.side)
    org = parent(ctx, side) if side is not None and step.of_parent else side
    if org is None:
        raise Refused(lazy("There is no organisation that could decide the step “%(step)s”.", step=step.label))
    status = ctx.session.scalar(select(Org.status).where(Org.id == org.id))
    if status != "active":
        raise Refused(lazy("The organisation that decides the step “%(step)s” has been revoked.", step=step.label))
    return org


def _others(ctx: Context, request: ApprovalRequest, org: OrgRef, permission: str) -> set[UUID]:
    """Who could decide at ``org``: nobody decides what they asked for themselves."""
    asked = {identity for identity in (request.asked_by, request.sent_by) if identity is not None}
    return seated(ctx, org, permission) - asked


def _manned(ctx: Context, request: ApprovalRequest, org: OrgRef, permission: str) -> Iterator[OrgRef]:
    """Organisations above ``org``, nearest first, where somebody could decide."""
    above = select(Org.id, Org.path).where(Org.path.in_(ancestors(org.path)), Org.status == "active")
    for row in ctx.session.execute(above.order_by(Org.depth.desc())).all():
        place = OrgRef(row.id, row.path)
        if _others(ctx, request, place, permission):
            yield place
