"""Asking for approval of a plan, and what follows from the answer (ACT-03)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.sdk import (
    Context,
    Heard,
    Outcome,
    Refused,
    Subject,
    audience_described,
    audience_from_json,
    lazy,
    record,
    request_of_subject,
    resubmit_request,
    setting,
    submit_request,
)
from banyan_activities import rules
from banyan_activities.models import Activity
from banyan_activities.settings import BUDGET, FREE, PEOPLE

from .plans import held
from .reading import subject

PLAN, MAJOR = "activities.plan", "activities.major_plan"


def is_major(ctx: Context, activity: Activity) -> bool:
    """Whether the council decides as well, by what the organisation has laid down."""
    budget, people = setting(ctx, BUDGET, activity.org), setting(ctx, PEOPLE, activity.org)
    return rules.is_major(activity.budget, activity.expected, int(budget), int(people))


def is_free(ctx: Context, activity: Activity) -> bool:
    """Whether it may be published without asking anybody."""
    return bool(setting(ctx, FREE, activity.org)) and not is_major(ctx, activity)


def ask(ctx: Context, activity_id: UUID, version: int) -> Activity:
    """Hand a plan in, or in again once it was returned.

    :raises Refused: it is no plan any more, or nobody could decide it.
    """
    activity = held(ctx, activity_id, version)
    if activity.state != "draft":
        raise Refused(lazy("This plan has been handed in already."))
    if activity.starts_at < ctx.clock.now():
        raise Refused(lazy("This activity has begun already."))
    flow = MAJOR if is_major(ctx, activity) else PLAN
    earlier = request_of_subject(ctx, flow, str(activity.id))
    if earlier is not None and earlier.state == "returned":
        resubmit_request(ctx, earlier.id, title=activity.title, details=_details(ctx, activity))
    else:
        sides, about = {"planner": activity.org}, Subject("activities_activity", str(activity.id), activity.title)
        submit_request(ctx, flow, about, title=activity.title, sides=sides, details=_details(ctx, activity))
    activity.state, activity.reason = "asked", ""
    ctx.session.flush()
    record(ctx, "activities.activity.ask", subject(activity), org=activity.org)
    return activity


def heard(ctx: Context, outcome: Outcome) -> None:
    """What the approval engine tells, in its transaction."""
    activity = ctx.session.scalars(
        select(Activity).where(Activity.id == UUID(outcome.subject_id)).with_for_update()
    ).one_or_none()
    if activity is None or (activity.state != "asked" and outcome.kind is not Heard.RESUBMITTED):
        return
    if outcome.kind is Heard.APPROVED:
        activity.state = "approved"
        record(ctx, "activities.activity.approve", subject(activity), org=activity.org)
    elif outcome.kind in (Heard.RETURNED, Heard.REJECTED, Heard.WITHDRAWN):
        activity.state, activity.reason = "draft", outcome.opinion
        after = {"opinion": outcome.opinion}
        record(ctx, "activities.activity.return", subject(activity), org=activity.org, after=after)
    elif outcome.kind is Heard.RESUBMITTED:
        activity.state, activity.reason = "asked", ""
    ctx.session.flush()


def _details(ctx: Context, activity: Activity) -> dict[str, str]:
    zone = rules.zone_of(activity.zone)
    begins, ends = activity.starts_at.astimezone(zone), activity.ends_at.astimezone(zone)
    return {
        "Kind": str(rules.KINDS[activity.kind]),
        "Time": f"{begins:%Y-%m-%d %H:%M} – {ends:%Y-%m-%d %H:%M}",
        "Where it takes place": activity.place,
        "For": audience_described(ctx, audience_from_json(ctx, activity.audience)),
        "Expected heads": str(activity.expected),
        "Budget": f"{activity.budget / 100:,.2f}",
        "Content": activity.content,
    }


LABELS = (
    lazy("Kind"),
    lazy("Time"),
    lazy("Where it takes place"),
    lazy("For"),
    lazy("Expected heads"),
    lazy("Budget"),
    lazy("Content"),
)
