"""Who may see a request: readers at its sides, who asked, who decides or decided. Nobody else learns that it exists."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.flows import Flow
from banyan.kernel.i18n import lazy
from banyan.modules.access import rules
from banyan.modules.access.decision import decide, visible
from banyan.modules.approvals import registry
from banyan.modules.approvals.models import ApprovalDesk, ApprovalEntry, ApprovalParty, ApprovalRequest
from banyan.modules.approvals.permissions import REQUEST_READ
from banyan.modules.approvals.services import desks, seats
from banyan.modules.approvals.services.seats import Seat


def find(ctx: Context, request_id: UUID, *, lock: bool = False) -> ApprovalRequest:
    """A request that the actor may see.

    :param lock: hold it, so that two people do not decide it at the same time.
    :raises NotFound: it does not exist or is none of their business.
    """
    request = ctx.session.get(ApprovalRequest, request_id, with_for_update=lock, populate_existing=lock)
    if request is None or not readable(ctx, request):
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return request


def readable(ctx: Context, request: ApprovalRequest) -> bool:
    """Whether the actor may see ``request``."""
    me = ctx.actor.account_id
    if me is None:
        return ctx.actor.via in ("job", "cli")
    return request.asked_by == me or _read_at_a_side(ctx, request) or _decides(ctx, request) or _decided(ctx, request)


def reader_of(flow: Flow | None) -> str:
    """The permission to see requests of a flow; where it is gone that of all requests."""
    return flow.reader if flow is not None else REQUEST_READ.name


def of_subject(ctx: Context, flow: str, subject_id: str) -> ApprovalRequest | None:
    """The newest request of a flow about a subject that the session sees; its own page decides who reads that.

    :param subject_id: as given at submission.
    """
    return ctx.session.scalar(
        select(ApprovalRequest)
        .where(ApprovalRequest.flow == flow, ApprovalRequest.subject_id == subject_id)
        .order_by(ApprovalRequest.id.desc())
        .limit(1)
    )


def seen_below(ctx: Context) -> ColumnElement[bool]:
    """The predicate of requests made at the organisation of the request and below that the actor may read."""
    by_reader: dict[str, list[str]] = {}
    for flow in registry.flows().values():
        by_reader.setdefault(flow.reader, []).append(flow.name)
    parts = [
        and_(
            visible(ctx, reader, ApprovalRequest.org_path, within=ctx.here),
            or_(*(ApprovalRequest.flow == name for name in sorted(names))),
        )
        for reader, names in sorted(by_reader.items())
    ]
    return or_(*parts) if parts else false()


def mine(ctx: Context) -> ColumnElement[bool]:
    """The predicate of requests the actor made, wherever that was."""
    return ApprovalRequest.asked_by == ctx.actor.account_id


def seat_at(ctx: Context, desk: ApprovalDesk, held: list[Seat] | None = None) -> Seat | None:
    """The seat from which the actor may decide what waits at ``desk``: one's own before a colleague's.

    Whoever holds the permission there through a grant from above may decide as well, although it is not in their inbox.
    """
    found = [seat for seat in (seats.seats(ctx) if held is None else held) if seat.fits(desk)]
    own = next((seat for seat in found if seat.behalf_id is None), None)
    if own is not None:
        return own
    place = next((place for place in desk.places if decide(ctx, desk.permission, place).allowed), None)
    if place is not None:
        return Seat(place, frozenset({desk.permission}))
    return next(
        (seat for seat in found if seat.behalf_id not in (desk.asked_by, desk.sent_by)), next(iter(found), None)
    )


def _inside(ctx: Context, path: str) -> bool:
    return ctx.org is None or path.startswith(ctx.org.path)


def _read_at_a_side(ctx: Context, request: ApprovalRequest) -> bool:
    reader = reader_of(registry.flows().get(request.flow))
    paths = ctx.session.scalars(select(ApprovalParty.org_path).where(ApprovalParty.request_id == request.id))
    grants, meaning = ctx.actor.grants, ctx.actor.policy
    return any(_inside(ctx, path) and rules.decide(grants, meaning, reader, path).allowed for path in set(paths))


def _decides(ctx: Context, request: ApprovalRequest) -> bool:
    desk = desks.desk_of(ctx, request)
    return (
        desk is not None and any(_inside(ctx, place.path) for place in desk.places) and seat_at(ctx, desk) is not None
    )


def _decided(ctx: Context, request: ApprovalRequest) -> bool:
    lines = select(ApprovalEntry.id).where(
        ApprovalEntry.account_id == ctx.actor.account_id, ApprovalEntry.request_id == request.id
    )
    return ctx.session.scalar(lines.limit(1)) is not None
