"""Preparing an activity: who does what until when (ACT-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.sdk import Conflict, Context, Refused, lazy, load, record
from banyan_activities.models import Activity, Preparation
from banyan_activities.permissions import UPDATE

from .plans import STALE
from .reading import subject

EDITABLE = ("kind", "title", "owner_id", "due_on", "note")


def of(ctx: Context, activity: Activity) -> Sequence[Preparation]:
    """What is to be done, the earliest first; done ones last."""
    statement = select(Preparation).where(Preparation.activity_id == activity.id)
    return ctx.session.scalars(
        statement.order_by(Preparation.done_at.is_not(None), Preparation.due_on, Preparation.id)
    ).all()


def add(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> Preparation:
    """Add something to be done. :param data: of `PreparationInput`. :raises Refused: the activity is cancelled."""
    activity = load(ctx, UPDATE.name, Activity, activity_id)
    if activity.state == "cancelled":
        raise Refused(lazy("This activity is cancelled."))
    made = Preparation(
        org_id=activity.org_id,
        org_path=activity.org_path,
        activity_id=activity.id,
        **{key: data[key] for key in EDITABLE},
    )
    ctx.session.add(made)
    ctx.session.flush()
    after = {key: data[key] for key in EDITABLE}
    record(ctx, "activities.preparation.create", subject(activity), org=activity.org, after=after)
    return made


def change(ctx: Context, preparation_id: UUID, data: Mapping[str, Any]) -> Preparation:
    """Change it. :raises Conflict: somebody else did since it was read."""
    found = _held(ctx, preparation_id, data["version"])
    before = {key: getattr(found, key) for key in EDITABLE}
    for key in EDITABLE:
        setattr(found, key, data[key])
    ctx.session.flush()
    after = {key: getattr(found, key) for key in EDITABLE}
    if after != before:
        activity = ctx.session.get_one(Activity, found.activity_id)
        record(ctx, "activities.preparation.update", subject(activity), org=found.org, before=before, after=after)
    return found


def tick(ctx: Context, preparation_id: UUID, *, done: bool, version: int) -> Preparation:
    """Say that it is done, or that it is not after all."""
    found = _held(ctx, preparation_id, version)
    found.done_at = ctx.clock.now() if done else None
    ctx.session.flush()
    activity = ctx.session.get_one(Activity, found.activity_id)
    after = {"title": found.title, "done": done}
    record(ctx, "activities.preparation.update", subject(activity), org=found.org, after=after)
    return found


def remove(ctx: Context, preparation_id: UUID, version: int) -> None:
    """Take it off the list."""
    found = _held(ctx, preparation_id, version)
    activity = ctx.session.get_one(Activity, found.activity_id)
    record(ctx, "activities.preparation.delete", subject(activity), org=found.org, before={"title": found.title})
    ctx.session.delete(found)
    ctx.session.flush()


def _held(ctx: Context, preparation_id: UUID, version: int) -> Preparation:
    found = load(ctx, UPDATE.name, Preparation, preparation_id)
    ctx.session.refresh(found, with_for_update=True)
    if found.version != version:
        raise Conflict(STALE)
    return found
