"""What follows on a change of a transfer: the audit log, and an event at the sides that the transaction sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.events import Event, publish
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import record
from banyan.modules.transfers.events import TransferChanged
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services.reading import parties, subject


def entry(
    ctx: Context,
    transfer: Transfer,
    act: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an act to the audit log, at the organisation that keeps the transfer."""
    record(ctx, f"transfers.transfer.{act}", subject(transfer), org=transfer.org, before=before, after=after)


def changed(ctx: Context, transfer: Transfer) -> None:
    """Tell the sides that the transfer is in another state."""
    tell(ctx, parties(ctx, transfer), TransferChanged(str(transfer.id), str(transfer.member_id or ""), transfer.state))


def tell(ctx: Context, places: Iterable[OrgRef], event: Event) -> None:
    """Publish ``event`` once at each of ``places`` that the session may write at; nothing where it sees none.

    A member whose account stands at another organisation tells it there.
    """
    inside = {place for place in places if ctx.session.scope.holds(place.path)}
    own = [place for place in (ctx.org, ctx.actor.home) if place is not None and ctx.session.scope.holds(place.path)]
    for place in sorted(inside or own[:1], key=lambda place: place.path):
        publish(ctx, place, event)
