"""Summing an activity up, with pictures; handed to the secretary general or deputy where there is one, then filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.sdk import (
    Context,
    Invalid,
    NotFound,
    Refused,
    Sniffed,
    StoredFile,
    accounts_with,
    forget,
    keep,
    lazy,
    load,
    publish,
    record,
    runtime,
)
from banyan_activities import pictures
from banyan_activities.events import SummaryHandedIn
from banyan_activities.models import Activity, Photo
from banyan_activities.permissions import FILE, READ, UPDATE

from .plans import held
from .reading import NOTHING, subject

MOST_PHOTOS = 30
SECRETARIES = ("secretary_general", "deputy_secretary_general")


def photos(ctx: Context, activity: Activity) -> Sequence[Photo]:
    """The pictures of a summary in their order."""
    statement = select(Photo).where(Photo.activity_id == activity.id)
    return ctx.session.scalars(statement.order_by(Photo.position, Photo.id)).all()


def hand_in(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> Activity:
    """Hand the summary in. Where nobody is secretary general or deputy, it is filed at once.

    :param data: of `SummaryInput`. :raises Refused: it is not over, or filed already. :raises Invalid: no picture yet.
    """
    activity = held(ctx, activity_id, data["version"])
    if activity.state != "published" or activity.ends_at > ctx.clock.now():
        raise Refused(lazy("Only an activity that is over can be summed up."))
    if activity.summary_state == "filed":
        raise Refused(lazy("The summary has been filed: it stays as it is."))
    if not photos(ctx, activity):
        raise Invalid({"summary": [lazy("Add at least one picture first.")]})
    activity.summary, activity.summary_state = data["summary"], "handed_in"
    activity.summed_up_by, activity.summed_up_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    record(ctx, "activities.summary.hand_in", subject(activity), org=activity.org, after={"summary": data["summary"]})
    publish(ctx, activity.org, SummaryHandedIn(str(activity.id)))
    if not accounts_with(ctx, activity.org, SECRETARIES):
        _filed(ctx, activity)
    return activity


def file_it(ctx: Context, activity_id: UUID, version: int) -> Activity:
    """File a summary that was handed in. :raises Refused: there is none."""
    activity = held(ctx, activity_id, version, FILE.name)
    if activity.summary_state != "handed_in":
        raise Refused(lazy("There is no summary to be filed."))
    return _filed(ctx, activity)


def give_back(ctx: Context, activity_id: UUID, version: int, reason: str) -> Activity:
    """Return a summary for correction, with the reason."""
    activity = held(ctx, activity_id, version, FILE.name)
    if activity.summary_state != "handed_in":
        raise Refused(lazy("There is no summary to be filed."))
    activity.summary_state, activity.reason = "missing", reason
    ctx.session.flush()
    record(ctx, "activities.summary.return", subject(activity), org=activity.org, after={"reason": reason})
    return activity


def add_photo(ctx: Context, activity_id: UUID, sniffed: Sniffed, caption: str) -> Photo:
    """Add a picture at the end. :raises Invalid: on ``photo``. :raises Refused: filed, or too many."""
    activity = _open(ctx, activity_id)
    number = ctx.session.scalar(select(func.count()).where(Photo.activity_id == activity.id)) or 0
    if number >= MOST_PHOTOS:
        raise Refused(lazy("A summary has at most %(n)s pictures.", n=MOST_PHOTOS))
    store = runtime().store
    large, small = (
        keep(ctx, store, activity.org, one) for one in pictures.drawn_anew(sniffed.path, sniffed.name, "photo")
    )
    ctx.session.flush()
    last = ctx.session.scalar(select(func.max(Photo.position)).where(Photo.activity_id == activity.id)) or 0
    made = Photo(
        org_id=activity.org_id,
        org_path=activity.org_path,
        activity_id=activity.id,
        file_id=large.id,
        thumbnail_id=small.id,
        position=last + 1,
        caption=caption,
        added_by=ctx.actor.account_id,
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "activities.photo.create", subject(activity), org=activity.org, after={"caption": caption})
    return made


def change_photo(ctx: Context, photo_id: UUID, data: Mapping[str, Any]) -> Photo:
    """Another caption, or another place in the order. :param data: of `PhotoUpdate`: caption, move (-1, 0 or 1)."""
    photo = load(ctx, UPDATE.name, Photo, photo_id)
    activity = _open(ctx, photo.activity_id)
    photo.caption = data["caption"]
    line = list(photos(ctx, activity))
    place = line.index(photo)
    line.insert(min(max(place + data["move"], 0), len(line) - 1), line.pop(place))
    for position, one in enumerate(line, 1):
        one.position = position
    ctx.session.flush()
    record(ctx, "activities.photo.update", subject(activity), org=activity.org, after={"caption": photo.caption})
    return photo


def remove_photo(ctx: Context, photo_id: UUID) -> UUID:
    """Take a picture out; its bytes go with it. Returns the id of its activity."""
    photo = load(ctx, UPDATE.name, Photo, photo_id)
    activity = _open(ctx, photo.activity_id)
    record(ctx, "activities.photo.delete", subject(activity), org=activity.org, before={"caption": photo.caption})
    ctx.session.delete(photo)
    for file_id in (photo.file_id, photo.thumbnail_id):
        stored = ctx.session.get(StoredFile, file_id)
        if stored is not None:
            forget(ctx, runtime().store, stored)
    ctx.session.flush()
    return activity.id


def picture(ctx: Context, photo_id: UUID, *, small: bool) -> StoredFile:
    """The bytes of a picture. :raises NotFound: as everywhere."""
    photo = load(ctx, READ.name, Photo, photo_id)
    stored = ctx.session.get(StoredFile, photo.thumbnail_id if small else photo.file_id)
    if stored is None:
        raise NotFound(NOTHING)
    return stored


def _open(ctx: Context, activity_id: UUID) -> Activity:
    activity = load(ctx, UPDATE.name, Activity, activity_id)
    ctx.session.refresh(activity, with_for_update=True)
    if activity.state != "published":
        raise Refused(lazy("Only an activity that is over can be summed up."))
    if activity.summary_state == "filed":
        raise Refused(lazy("The summary has been filed: it stays as it is."))
    return activity


def _filed(ctx: Context, activity: Activity) -> Activity:
    activity.summary_state, activity.reason = "filed", ""
    ctx.session.flush()
    record(ctx, "activities.summary.file", subject(activity), org=activity.org)
    return activity
