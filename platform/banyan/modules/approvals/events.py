"""What approvals tell others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.context import Context
from banyan.kernel.events import Event, publish
from banyan.kernel.values import OrgRef


@dataclass(frozen=True, slots=True)
class RequestSubmitted(Event):
    """A request was handed in, or sent again after correction."""

    NAME: ClassVar[str] = "approvals.request.submitted"
    request_id: str
    flow: str
    title: str
    round: int


@dataclass(frozen=True, slots=True)
class RequestDecided(Event):
    """A step was decided. ``act`` is approve, return or reject; ``state`` is where the request stands now."""

    NAME: ClassVar[str] = "approvals.request.decided"
    request_id: str
    flow: str
    title: str
    step: str
    act: str
    state: str
    late: bool


@dataclass(frozen=True, slots=True)
class RequestWithdrawn(Event):
    """Whoever asked took it back."""

    NAME: ClassVar[str] = "approvals.request.withdrawn"
    request_id: str
    flow: str
    title: str


@dataclass(frozen=True, slots=True)
class RequestPressing(Event):
    """Its deadline is near: those who decide are reminded."""

    NAME: ClassVar[str] = "approvals.request.pressing"
    request_id: str
    flow: str
    title: str
    due_on: str


@dataclass(frozen=True, slots=True)
class RequestOverdue(Event):
    """Its deadline is over. ``above`` is the id of the organisation that may decide as well now, or empty."""

    NAME: ClassVar[str] = "approvals.request.overdue"
    request_id: str
    flow: str
    title: str
    above: str


@dataclass(frozen=True, slots=True)
class DelegationChanged(Event):
    """Somebody named a deputy, or the deputy's time ended early."""

    NAME: ClassVar[str] = "approvals.delegation.changed"
    delegation_id: str
    delegator_id: str
    deputy_id: str
    ended: bool


EVENTS = (RequestSubmitted, RequestDecided, RequestWithdrawn, RequestPressing, RequestOverdue, DelegationChanged)


def tell(ctx: Context, org: OrgRef, event: Event) -> None:
    """Publish ``event`` at ``org``, or where the one who acts stands if ``org`` is another side's."""
    places = [org, *(place for place in (ctx.org, ctx.actor.home) if place is not None)]
    publish(ctx, next((place for place in places if ctx.session.scope.holds(place.path)), org), event)
