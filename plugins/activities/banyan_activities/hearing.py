"""Telling people: of a new activity those it is for, of changes those who signed up, of a place who waited for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.sdk import Audience, Context, accounts_with, audience_from_json, lazy, notify, path_to

from . import events, rules
from .models import Activity, SignUp
from .services import reading
from .services.summing_up import SECRETARIES

HEARD = frozenset(event.NAME for event in events.EVENTS)


def hear(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    """Send what follows from an event; an event that comes twice sends once."""
    activity = ctx.session.get(Activity, UUID(payload["activity_id"])) if name in HEARD else None
    if activity is None:
        return
    values = {"title": activity.title, "time": _time(activity), "place": activity.place}
    page, to = "activities_member_pages.join", _whom(ctx, activity, name, payload)
    if name == events.ActivityPublished.NAME:
        title, body = lazy("New activity: %(title)s", **values), lazy("%(time)s, %(place)s", **values)
    elif name == events.ActivityMoved.NAME:
        title = lazy("Another time or place: %(title)s", **values)
        body = lazy("Now: %(time)s, %(place)s. You may withdraw until it begins.", **values)
    elif name == events.ActivityCancelled.NAME:
        title, body = lazy("Cancelled: %(title)s", **values), lazy("%(reason)s", reason=activity.reason)
    elif name == events.SeatGiven.NAME:
        title = lazy("You have a place: %(title)s", **values)
        body = lazy("%(time)s, %(place)s. You moved up from the waiting list.", **values)
    else:
        page = "activities_summary_pages.summary"
        title = lazy("Summary handed in: %(title)s", **values)
        body = lazy("Please look at it and file it.")
    with_code: dict[str, Any] = {"code": reading.code_of(ctx, activity.org_id), "activity_id": activity.id}
    if to:
        notify(ctx, to=to, org=activity.org, title=title, body=body, link=path_to(page, **with_code), once=event_id)


def _whom(ctx: Context, activity: Activity, name: str, payload: dict[str, Any]) -> Audience | Sequence[UUID]:
    if name == events.ActivityPublished.NAME:
        return audience_from_json(ctx, activity.audience)
    if name == events.SummaryHandedIn.NAME:
        return accounts_with(ctx, activity.org, SECRETARIES)
    going = select(SignUp.account_id).where(SignUp.activity_id == activity.id, SignUp.state != "withdrawn")
    if name == events.SeatGiven.NAME:
        going = going.where(SignUp.id == UUID(payload["sign_up_id"]))
    return [one for one in ctx.session.scalars(going) if one is not None]


def _time(activity: Activity) -> str:
    return f"{activity.starts_at.astimezone(rules.zone_of(activity.zone)):%Y-%m-%d %H:%M}"
