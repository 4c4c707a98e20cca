"""Planning: write a plan, change it, and what a change after publication means for those who signed up (ACT-03)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from banyan.sdk import (
    Audience,
    Conflict,
    Context,
    Invalid,
    Message,
    Refused,
    audience_from_json,
    audience_members,
    audience_to_json,
    changes,
    lazy,
    load,
    new_id,
    publish,
    record,
    require,
)
from banyan_activities import rules, stats
from banyan_activities.events import ActivityMoved
from banyan_activities.models import Activity, Preparation
from banyan_activities.permissions import CREATE, UPDATE

from .reading import as_told, subject
from .sign_ups import seat_those_who_wait

EDITABLE = (
    "title", "kind", "content", "place", "latitude", "longitude", "radius", "starts_at", "ends_at", "zone",
    "capacity", "companions", "budget", "expected", "contact", "open_to_all", "sign_up_until", "withdraw_until",
    "questions",
)  # fmt: skip
APPROVED_WITH = ("title", "kind", "content", "place", "starts_at", "ends_at", "budget", "expected", "audience")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def create(ctx: Context, data: Mapping[str, Any], audience: Audience) -> Activity:
    """Write the plan of an activity of the organisation of the request.

    :param data: of `schemas.PlanInput`. :param audience: whom it is for, within the reach of whoever plans.
    :raises Invalid: with all that is wrong.
    """
    require(ctx, CREATE.name, ctx.here)
    _check(ctx, data, None)
    audience_members(ctx, audience, permission=CREATE.name)
    activity = Activity(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        audience=audience_to_json(audience),
        secret=secrets.token_bytes(32),
        organiser_id=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in EDITABLE if key in data},
    )
    ctx.session.add(activity)
    ctx.session.flush()
    record(ctx, "activities.activity.create", subject(activity), org=activity.org, after=as_told(activity))
    return activity


def edit(ctx: Context, activity_id: UUID, data: Mapping[str, Any], audience: Audience | None = None) -> Activity:
    """Change an activity. An approved plan that becomes another one has to be approved anew.

    Of a published one whom it is for stays; when time or place change, those who signed up are told and may withdraw,
    whatever the last day for that was.

    :param data: of `schemas.PlanUpdate`. :raises Conflict: :raises Refused: :raises Invalid:
    """
    activity = held(ctx, activity_id, data["version"])
    if activity.state in ("asked", "cancelled"):
        raise Refused(lazy("It waits for approval or is cancelled: it cannot be changed now."))
    _check(ctx, data, activity)
    before, told = _kept(activity), as_told(activity)
    kind, starts_at = activity.kind, activity.starts_at
    for key in EDITABLE:
        if key in data:
            setattr(activity, key, data[key])
    if audience is not None and not activity.published:
        audience_members(ctx, audience, permission=UPDATE.name)
        activity.audience = audience_to_json(audience)
    changed = {key for key, value in _kept(activity).items() if value != before[key]}
    if activity.state == "approved" and changed & set(APPROVED_WITH):
        activity.state = "draft"
    if activity.published and changed & {"starts_at", "ends_at", "place"}:
        activity.moved_at = ctx.clock.now()
        publish(ctx, activity.org, ActivityMoved(str(activity.id)))
    if activity.published:
        stats.moved(ctx, activity, kind, starts_at)
    old, new = changes(told, as_told(activity))
    ctx.session.flush()
    if changed:
        record(ctx, "activities.activity.update", subject(activity), org=activity.org, before=old, after=new)
    if activity.published and "capacity" in changed:
        seat_those_who_wait(ctx, activity)
    return activity


def discard(ctx: Context, activity_id: UUID, version: int) -> None:
    """Throw a plan away that nobody outside has seen. :raises Refused: it has been published, or waits for approval."""
    activity = held(ctx, activity_id, version)
    if activity.state not in ("draft", "approved"):
        raise Refused(lazy("Only a plan that was never published can be discarded."))
    record(ctx, "activities.activity.discard", subject(activity), org=activity.org, before=as_told(activity))
    ctx.session.delete(activity)
    ctx.session.flush()


def copy(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> Activity:
    """Plan another one like an earlier one, with its preparations as many days before (ACT-04).

    :param data: ``starts_at`` of the new one. :raises Invalid: it lies in the past.
    """
    earlier = load(ctx, CREATE.name, Activity, activity_id)
    by = data["starts_at"] - earlier.starts_at
    moved = {key: getattr(earlier, key) for key in EDITABLE}
    for key in ("starts_at", "ends_at", "sign_up_until", "withdraw_until"):
        moved[key] = moved[key] + by if moved[key] is not None else None
    made = create(ctx, moved, audience_from_json(ctx, earlier.audience))
    for one in ctx.session.query(Preparation).where(Preparation.activity_id == earlier.id):
        ctx.session.add(
            Preparation(
                org_id=made.org_id,
                org_path=made.org_path,
                activity_id=made.id,
                kind=one.kind,
                title=one.title,
                owner_id=one.owner_id,
                due_on=one.due_on + by,
                note=one.note,
            )
        )
    ctx.session.flush()
    return made


def repeat(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> list[Activity]:
    """Plan an activity again and again, as a series of plans of their own.

    :param data: ``every`` (week, fortnight, month), ``times`` (1 to 52).
    """
    first = load(ctx, CREATE.name, Activity, activity_id)
    first.series_id = first.series_id or new_id()
    made = []
    for starts_at in rules.repeated(first.starts_at, data["every"], data["times"], first.zone):
        one = copy(ctx, activity_id, {"starts_at": starts_at})
        one.series_id = first.series_id
        made.append(one)
    ctx.session.flush()
    return made


def held(ctx: Context, activity_id: UUID, version: int, permission: str = UPDATE.name) -> Activity:
    """An activity to be changed, with its row held.

    :raises Conflict: somebody changed it since ``version`` was read.
    """
    activity = load(ctx, permission, Activity, activity_id)
    ctx.session.refresh(activity, with_for_update=True)
    if activity.version != version:
        raise Conflict(STALE)
    return activity


def _kept(activity: Activity) -> dict[str, Any]:
    return {key: getattr(activity, key) for key in (*EDITABLE, "audience")}


def _check(ctx: Context, data: Mapping[str, Any], activity: Activity | None) -> None:
    # The beginning of one that has begun already is no mistake of whoever changes something else.
    began = activity is not None and activity.starts_at == data["starts_at"]
    wrong: dict[str, list[Message]] = rules.problems(data, data["starts_at"] if began else ctx.clock.now())
    held = activity is not None and activity.published and activity.starts_at <= ctx.clock.now()
    if activity is not None and held and (data["starts_at"], data["kind"]) != (activity.starts_at, activity.kind):
        wrong["starts_at"] = [lazy("It has begun: when it began and of what kind it is stays.")]
    if activity is not None and data["capacity"] is not None and data["capacity"] < activity.taken:
        wrong["capacity"] = [lazy("%(n)s places have been given already.", n=activity.taken)]
    if wrong:
        raise Invalid(wrong)
