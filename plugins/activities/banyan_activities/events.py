"""What activities tell others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from banyan.sdk import Event


@dataclass(frozen=True, slots=True)
class ActivityPublished(Event):
    """An activity can be seen by those it is for."""

    NAME: ClassVar[str] = "activities.activity.published"
    activity_id: str


@dataclass(frozen=True, slots=True)
class ActivityMoved(Event):
    """Time or place of a published activity changed."""

    NAME: ClassVar[str] = "activities.activity.moved"
    activity_id: str


@dataclass(frozen=True, slots=True)
class ActivityCancelled(Event):
    """A published activity was called off."""

    NAME: ClassVar[str] = "activities.activity.cancelled"
    activity_id: str


@dataclass(frozen=True, slots=True)
class SeatGiven(Event):
    """Somebody who waited got a place."""

    NAME: ClassVar[str] = "activities.sign_up.seated"
    activity_id: str
    sign_up_id: str


@dataclass(frozen=True, slots=True)
class SummaryHandedIn(Event):
    """The summary of an activity was handed in."""

    NAME: ClassVar[str] = "activities.summary.handed_in"
    activity_id: str


EVENTS = (ActivityPublished, ActivityMoved, ActivityCancelled, SeatGiven, SummaryHandedIn)
