"""Publishing an activity to those it is for, and cancelling it (ACT-01)."""

from __future__ import annotations

from uuid import UUID

from banyan.sdk import Context, Refused, lazy, publish, record
from banyan_activities import stats
from banyan_activities.events import ActivityCancelled, ActivityPublished
from banyan_activities.models import Activity

from .approval import is_free
from .plans import held
from .reading import as_told, subject


def may_publish(ctx: Context, activity: Activity) -> bool:
    """Whether it is approved, or needs no approval here."""
    return activity.state == "approved" or (activity.state == "draft" and is_free(ctx, activity))


def publish_it(ctx: Context, activity_id: UUID, version: int) -> Activity:
    """Show an activity to those it is for, and tell them.

    :raises Refused: it is not approved, or has begun already.
    """
    activity = held(ctx, activity_id, version)
    if not may_publish(ctx, activity):
        raise Refused(lazy("Its plan has not been approved yet."))
    if activity.ends_at < ctx.clock.now():
        raise Refused(lazy("It is over already."))
    activity.state, activity.published, activity.published_at = "published", True, ctx.clock.now()
    ctx.session.flush()
    stats.published(ctx, activity, 1)
    record(ctx, "activities.activity.publish", subject(activity), org=activity.org, after=as_told(activity))
    publish(ctx, activity.org, ActivityPublished(str(activity.id)))
    return activity


def cancel(ctx: Context, activity_id: UUID, version: int, reason: str) -> Activity:
    """Call off a published activity; those who signed up are told why.

    :raises Refused: it is not published, or over.
    """
    activity = held(ctx, activity_id, version)
    if activity.state != "published":
        raise Refused(lazy("Only a published activity can be cancelled."))
    if activity.ends_at < ctx.clock.now():
        raise Refused(lazy("It is over already."))
    activity.state, activity.reason = "cancelled", reason
    ctx.session.flush()
    stats.published(ctx, activity, -1)
    record(ctx, "activities.activity.cancel", subject(activity), org=activity.org, after={"reason": reason})
    publish(ctx, activity.org, ActivityCancelled(str(activity.id)))
    return activity
