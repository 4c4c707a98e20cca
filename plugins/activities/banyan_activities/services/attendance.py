"""Taking attendance: by code, by list, by location, from paper; late and early; incidents (ACT-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.sdk import Context, Forbidden, Invalid, Message, Refused, lazy, load, record
from banyan_activities import codes, rules, stats
from banyan_activities.models import Activity, Incident, SignUp
from banyan_activities.permissions import ATTEND

from . import sign_ups
from .reading import for_member, own

BEFORE, AFTER = timedelta(hours=2), timedelta(hours=2)
STALE_CODE = lazy("This code has run out. Scan the one that the screen shows now.")


def is_on(ctx: Context, activity: Activity) -> bool:
    """Whether attendance by code or location is taken now: from two hours before to two hours after."""
    now = ctx.clock.now()
    return activity.state == "published" and activity.starts_at - BEFORE <= now <= activity.ends_at + AFTER


def screen_code(ctx: Context, activity_id: UUID) -> tuple[Activity, str]:
    """What the organiser's screen shows now. :raises Refused: it is not the day."""
    activity = load(ctx, ATTEND.name, Activity, activity_id)
    _require_on(ctx, activity)
    return activity, codes.of_screen(activity.secret, activity.id, ctx.clock.now())


def arrive(ctx: Context, activity_id: UUID, code: str) -> tuple[Activity, str]:
    """A phone comes with the code of the screen; it gets a ticket with which the account says that it is there.

    :raises Refused: the code has run out, or it is not the day. :raises NotFound: the activity is for others.
    """
    activity, _records = for_member(ctx, activity_id)
    _require_on(ctx, activity)
    if not codes.screen_holds(activity.secret, activity.id, code, ctx.clock.now()):
        raise Refused(STALE_CODE)
    return activity, codes.ticket(activity.secret, activity.id, _account(ctx), ctx.clock.now())


def come(ctx: Context, activity_id: UUID, ticket: str) -> SignUp:
    """Say that one is there, with the ticket that the code gave.

    :raises Refused: the ticket has run out or is somebody else's; one has no place and there is none left.
    """
    activity, _records = for_member(ctx, activity_id)
    _require_on(ctx, activity)
    if not codes.ticket_holds(activity.secret, activity.id, _account(ctx), ticket, ctx.clock.now()):
        raise Refused(STALE_CODE)
    return _came(ctx, activity, _present(ctx, activity), "code")


def come_by_place(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> SignUp:
    """Say that one is there by where the phone is. The position is rounded, compared, and not kept.

    :param data: of `PlaceInput`: latitude and longitude in degrees, consent. :raises Invalid: :raises Refused: too far.
    """
    activity, _records = for_member(ctx, activity_id)
    _require_on(ctx, activity)
    if not data["consent"]:
        raise Invalid({"consent": [lazy("Without your consent your location is not looked at. Use the code instead.")]})
    if activity.latitude is None or activity.longitude is None:
        raise Refused(lazy("No attendance by location is taken here."))
    here = (round(data["latitude"], 3), round(data["longitude"], 3))
    far = rules.metres(here, (activity.latitude, activity.longitude))
    # Rounding to a thousandth of a degree may cost up to eighty metres.
    if far > activity.radius + 80:
        raise Refused(lazy("You are about %(n)s metres away.", n=int(round(far, -2))))
    return _came(ctx, activity, _present(ctx, activity), "place")


def mark(ctx: Context, activity_id: UUID, sign_up_id: UUID, data: Mapping[str, Any]) -> SignUp:
    """Take attendance by list, or take it back.

    :param data: of `MarkInput`: came, at (when, left empty: now), left (when they left, if early).
    """
    activity, found = _of(ctx, activity_id, sign_up_id)
    if not data["came"]:
        return _back(ctx, activity, found)
    at = data.get("at") or found.attended_at
    return _came(ctx, activity, found, "list", at=at, left=data.get("left"))


def mark_paper(ctx: Context, activity_id: UUID, sign_up_id: UUID, code: str) -> SignUp:
    """Take attendance with the code beside a name on the printed list. :raises Refused: it is another's."""
    activity, found = _of(ctx, activity_id, sign_up_id)
    if not codes.paper_holds(activity.secret, found.id, code):
        raise Refused(lazy("This code belongs to another list."))
    return _came(ctx, activity, found, "paper")


def printed(ctx: Context, activity_id: UUID) -> tuple[Activity, Sequence[SignUp]]:
    """The list as it is printed: those with a place, by name."""
    activity = load(ctx, ATTEND.name, Activity, activity_id)
    going = select(SignUp).where(SignUp.activity_id == activity.id, SignUp.state == "going")
    return activity, ctx.session.scalars(going.order_by(SignUp.name, SignUp.position)).all()


def log_incident(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> Incident:
    """Write down what happened during an activity; it is never changed. :param data: of `IncidentInput`."""
    activity = load(ctx, ATTEND.name, Activity, activity_id)
    if not activity.published:
        raise Refused(lazy("Publish the activity first."))
    if data["happened_at"] > ctx.clock.now():
        raise Invalid({"happened_at": [lazy("This lies in the future.")]})
    made = Incident(
        org_id=activity.org_id,
        org_path=activity.org_path,
        activity_id=activity.id,
        happened_at=data["happened_at"],
        what=data["what"],
        measures=data["measures"],
        recorded_by=ctx.actor.account_id,
        recorded_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "activities.incident.create", sign_ups.about(activity), org=activity.org, after={"what": data["what"]})
    return made


def incidents(ctx: Context, activity: Activity) -> Sequence[Incident]:
    """What happened, the latest last."""
    statement = select(Incident).where(Incident.activity_id == activity.id)
    return ctx.session.scalars(statement.order_by(Incident.happened_at, Incident.id)).all()


def _account(ctx: Context) -> UUID:
    if ctx.actor.account_id is None:
        raise Forbidden(lazy("Only members can come."))
    return ctx.actor.account_id


def _require_on(ctx: Context, activity: Activity) -> None:
    if not is_on(ctx, activity):
        raise Refused(lazy("Attendance is taken from two hours before it begins to two hours after it ends."))


def _present(ctx: Context, activity: Activity) -> SignUp:
    """The actor's own place; who comes without one and finds room gets it at the door."""
    mine = own(ctx, activity)
    if mine is not None and mine.state == "going":
        return mine
    made = sign_ups.at_the_door(ctx, activity, mine)
    if made is None:
        raise Refused(lazy("All places are taken: speak with the organiser."))
    return made


def _of(ctx: Context, activity_id: UUID, sign_up_id: UUID) -> tuple[Activity, SignUp]:
    activity = load(ctx, ATTEND.name, Activity, activity_id)
    found = load(ctx, ATTEND.name, SignUp, sign_up_id)
    reasons: list[Message] = []
    if found.activity_id != activity.id or found.state != "going":
        reasons.append(lazy("They have no place in this activity."))
    if activity.state != "published":
        reasons.append(lazy("This activity is cancelled."))
    if ctx.clock.now() < activity.starts_at - BEFORE:
        reasons.append(lazy("Attendance is taken from two hours before it begins to two hours after it ends."))
    if reasons:
        raise Refused(*reasons)
    ctx.session.refresh(found, with_for_update=True)
    return activity, found


def _came(
    ctx: Context,
    activity: Activity,
    found: SignUp,
    how: str,
    *,
    at: datetime | None = None,
    left: datetime | None = None,
) -> SignUp:
    """The first attendance holds; by list it can be set right."""
    if found.attended and how != "list":
        return found
    if found.attended:
        stats.attended(ctx, activity, -1, -(found.minutes or 0))
    found.attended, found.attended_at, found.left_at = how, at or ctx.clock.now(), left
    found.minutes = rules.minutes(activity.starts_at, activity.ends_at, found.attended_at, left)
    ctx.session.flush()
    stats.attended(ctx, activity, 1, found.minutes)
    after = {"attended": how, "minutes": found.minutes}
    record(ctx, "activities.attendance.update", sign_ups.subject(found), org=activity.org, after=after)
    return found


def _back(ctx: Context, activity: Activity, found: SignUp) -> SignUp:
    if found.attended:
        stats.attended(ctx, activity, -1, -(found.minutes or 0))
        before = {"attended": found.attended}
        found.attended, found.attended_at, found.left_at, found.minutes = "", None, None, None
        ctx.session.flush()
        record(ctx, "activities.attendance.update", sign_ups.subject(found), org=activity.org, before=before)
    return found
