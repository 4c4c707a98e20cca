"""Activities by day, and as iCalendar (ACT-01).

Plan of a month: ``(org_path, starts_at, id)`` of a narrow subtree, ``(starts_at, id)`` of a wide one; no list is longer
than `MOST`, and says so.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from icalendar import Calendar, Event
from sqlalchemy import select

from banyan.sdk import (
    SHANGHAI,
    Context,
    Invalid,
    NotFound,
    Subject,
    inside,
    lazy,
    record,
    visible,
)
from banyan_activities.models import Activity, Feed
from banyan_activities.permissions import READ

from . import mine
from .reading import NOTHING

MOST = 1_000
LONGEST = timedelta(days=60)
_COLUMNS = (
    Activity.id,
    Activity.org_id,
    Activity.title,
    Activity.kind,
    Activity.state,
    Activity.place,
    Activity.starts_at,
    Activity.ends_at,
)


class Line(NamedTuple):
    """An activity in a calendar."""

    id: UUID
    org_id: UUID
    title: str
    kind: str
    state: str
    place: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it is drawn: whole weeks from Monday on.

    :ivar more: there are more activities than are shown.
    """

    first: date
    weeks: tuple[tuple[date, ...], ...]
    days: dict[date, list[Line]]
    more: bool

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1)


def between(ctx: Context, first: date, until: date) -> tuple[list[Line], bool]:
    """Activities of this organisation and those below that begin in ``[first, until)``, and whether there are more.

    :raises Invalid: longer than `LONGEST`.
    """
    if until <= first or until - first > LONGEST:
        raise Invalid({"until": [lazy("Ask for at most 60 days.")]})
    statement = (
        select(*_COLUMNS)
        .where(
            visible(ctx, READ.name, Activity.org_path, within=ctx.here),
            Activity.starts_at >= midnight(first),
            Activity.starts_at < midnight(until),
        )
        .order_by(Activity.starts_at, Activity.id)
        .limit(MOST + 1)
    )
    rows = [Line(*row) for row in ctx.session.execute(statement)]
    return rows[:MOST], len(rows) > MOST


def month(ctx: Context, first: date) -> Month:
    """The month that begins on ``first``, for those who run activities."""
    weeks = weeks_of(first)
    lines, more = between(ctx, weeks[0][0], weeks[-1][-1] + timedelta(days=1))
    return Month(first, weeks, by_day(lines), more)


def by_day(lines: Iterable[Line]) -> dict[date, list[Line]]:
    """Activities by the day on which they begin in Beijing."""
    found: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.starts_at.astimezone(SHANGHAI).date()].append(line)
    return found


def weeks_of(first: date) -> tuple[tuple[date, ...], ...]:
    """The weeks, Monday first, that a month lies in."""
    monday = first - timedelta(days=first.weekday())
    after = (first + timedelta(days=32)).replace(day=1)
    count = ((after - monday).days + 6) // 7
    return tuple(tuple(monday + timedelta(days=7 * week + day) for day in range(7)) for week in range(count))


def midnight(day: date) -> datetime:
    """When a day begins in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def ics(activities: Sequence[tuple[Activity, str]], now: datetime, name: str) -> bytes:
    """Activities as an iCalendar file (RFC 5545); the library folds lines and escapes commas and line breaks.

    :param activities: each with the address of its page. :param name: of the calendar.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Banyan//Activities//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", " ".join(name.split()))
    for activity, address in activities:
        calendar.add_component(_event(activity, address, now))
    return bytes(calendar.to_ical())


def _event(activity: Activity, address: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{activity.id}@banyan")
    event.add("dtstamp", now)
    event.add("dtstart", activity.starts_at)
    event.add("dtend", activity.ends_at)
    event.add("summary", activity.title)
    event.add("location", activity.place)
    event.add("url", address)
    event.add("sequence", activity.version)
    event.add("status", "CANCELLED" if activity.state == "cancelled" else "CONFIRMED")
    if activity.content:
        event.add("description", activity.content)
    if activity.latitude is not None and activity.longitude is not None:
        event.add("geo", (activity.latitude, activity.longitude))
    return event


def feed_of(ctx: Context) -> Feed | None:
    """The actor's calendar address, if it has one."""
    return ctx.session.scalars(select(Feed).where(Feed.account_id == ctx.actor.account_id)).one_or_none()


def make_feed(ctx: Context) -> str:
    """A new secret address for the actor's calendar; the one before ends. The secret is told once."""
    home = ctx.actor.home
    if home is None or ctx.actor.account_id is None:
        raise NotFound(NOTHING)
    before = feed_of(ctx)
    if before is not None:
        ctx.session.delete(before)
        ctx.session.flush()
    secret = secrets.token_urlsafe(24)
    made = Feed(
        org_id=home.id,
        org_path=home.path,
        account_id=ctx.actor.account_id,
        token_hash=_hashed(secret),
        made_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "activities.feed.create", _subject(ctx), org=home)
    return secret


def revoke_feed(ctx: Context) -> None:
    """End the actor's calendar address."""
    found = feed_of(ctx)
    if found is None:
        raise NotFound(NOTHING)
    record(ctx, "activities.feed.delete", _subject(ctx), org=found.org)
    ctx.session.delete(found)
    ctx.session.flush()


def read_feed(ctx: Context, secret: str) -> list[mine.Own]:
    """What is on for whoever made the address, and what they signed up for. :raises NotFound: it was revoked."""
    feed = ctx.session.scalars(select(Feed).where(Feed.token_hash == _hashed(secret))).one_or_none()
    if feed is None:
        raise NotFound(NOTHING)
    feed.used_at = ctx.clock.now()
    ctx.session.flush()
    holder = inside(ctx.here, feed.account_id)
    holder = replace(holder, actor=replace(holder.actor, account_id=feed.account_id))
    found = {one.activity.id: one for one in [*mine.coming(holder), *mine.sign_ups(holder)]}
    return sorted(found.values(), key=lambda one: (one.activity.starts_at, one.activity.id))


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _subject(ctx: Context) -> Subject:
    return Subject("activities_feed", str(ctx.actor.account_id), ctx.actor.name)
