"""Signing up, withdrawing, and the line of those who wait (ACT-02).

Every change of places holds the activity's row: that is the one queue, in the order in which people came, and no
capacity is ever exceeded, whoever comes in the same instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.sdk import (
    Context,
    Forbidden,
    Invalid,
    MemberCard,
    Refused,
    Subject,
    audience_from_json,
    audience_includes,
    lazy,
    load,
    members_by_id,
    publish,
    record,
    survey_problems,
)
from banyan_activities import rules
from banyan_activities.events import SeatGiven
from banyan_activities.models import Activity, SignUp
from banyan_activities.permissions import UPDATE

from .reading import for_member, invited, own


def sign_up(ctx: Context, activity_id: UUID, data: Mapping[str, Any]) -> SignUp:
    """Take a place, or stand in line for one. Whoever has signed up already changes companions and answers.

    :param data: of `schemas.SignUpInput`: companions, answers.
    :raises NotFound: the activity is for others. :raises Forbidden: no record of the actor is one it is for (any more).
    :raises Refused: it is too late, or the activity is cancelled. :raises Invalid: companions, answers.
    """
    activity, records = for_member(ctx, activity_id)
    if not records:
        raise Forbidden(lazy("This activity is not for you any more: you have been transferred."))
    return _entered(ctx, activity, records[0], data, ctx.actor.account_id)


def put_down(ctx: Context, activity_id: UUID, member_id: UUID, data: Mapping[str, Any]) -> SignUp:
    """Sign a member up who cannot do it by themselves, also after the last day.

    :raises Invalid: on ``member``: the activity is not for them. :raises Refused: it is not published, or over.
    """
    activity = load(ctx, UPDATE.name, Activity, activity_id)
    member = members_by_id(ctx, [member_id]).get(member_id)
    if member is None or not audience_includes(ctx, audience_from_json(ctx, activity.audience), member):
        raise Invalid({"member": [lazy("The activity is not for this member.")]})
    return _entered(ctx, activity, member, data, member.account_id, by_hand=True)


def withdraw(ctx: Context, activity_id: UUID) -> SignUp:
    """Give one's place back; whoever stands first in line gets it.

    :raises Refused: one has not signed up, or it is too late.
    """
    activity = _held(ctx, for_member(ctx, activity_id)[0].id)
    mine = own(ctx, activity)
    if mine is None:
        raise Refused(lazy("You have not signed up."))
    if too_late_to_withdraw(ctx, activity):
        raise Refused(lazy("It is too late to withdraw by yourself. Tell the organiser."))
    return _withdrawn(ctx, activity, mine)


def take_off(ctx: Context, activity_id: UUID, sign_up_id: UUID) -> SignUp:
    """Take somebody off the list by hand. :raises Refused: they have withdrawn already, or came."""
    activity = _held(ctx, load(ctx, UPDATE.name, Activity, activity_id).id)
    found = load(ctx, UPDATE.name, SignUp, sign_up_id)
    if found.activity_id != activity.id or found.state == "withdrawn" or found.attended:
        raise Refused(lazy("They have withdrawn already, or came."))
    return _withdrawn(ctx, activity, found)


def at_the_door(ctx: Context, activity: Activity, mine: SignUp | None) -> SignUp | None:
    """A place for who comes without one, as long as there is room; None where there is none."""
    held = _held(ctx, activity.id)
    if held.capacity is not None and held.taken + 1 > held.capacity:
        return None
    if mine is not None:
        held.waiting -= mine.places
        mine.state, mine.places, mine.changed_at = "going", 1, ctx.clock.now()
        held.taken += 1
        ctx.session.flush()
        return mine
    records = invited(ctx, held)
    return _seated(ctx, held, records[0], 1, {}, ctx.actor.account_id) if records else None


def about(activity: Activity) -> Subject:
    """The activity as the audit log names it."""
    return Subject("activities_activity", str(activity.id), activity.title)


def is_open(ctx: Context, activity: Activity) -> bool:
    """Whether members can sign up now."""
    return activity.state == "published" and ctx.clock.now() < (activity.sign_up_until or activity.starts_at)


def too_late_to_withdraw(ctx: Context, activity: Activity) -> bool:
    """After the last instant; but who signed up for another time or place may always go, until it begins."""
    now = ctx.clock.now()
    if now >= activity.starts_at:
        return True
    return activity.moved_at is None and activity.withdraw_until is not None and now > activity.withdraw_until


def seat_those_who_wait(ctx: Context, activity: Activity) -> Sequence[SignUp]:
    """Give free places to the head of the line, and tell them. The activity's row is held."""
    if not activity.waiting:
        return ()
    in_line = select(SignUp).where(SignUp.activity_id == activity.id, SignUp.state == "waiting")
    line = ctx.session.scalars(in_line.order_by(SignUp.position)).all()
    seated = line[: rules.moving_up(activity.capacity, activity.taken, [one.places for one in line])]
    for one in seated:
        one.state, one.changed_at = "going", ctx.clock.now()
        activity.taken, activity.waiting = activity.taken + one.places, activity.waiting - one.places
        record(ctx, "activities.sign_up.seat", subject(one), org=activity.org)
        publish(ctx, activity.org, SeatGiven(str(activity.id), str(one.id)))
    ctx.session.flush()
    return seated


def subject(found: SignUp) -> Subject:
    """A sign-up as the audit log names it."""
    return Subject("activities_sign_up", str(found.id), found.name)


def _held(ctx: Context, activity_id: UUID) -> Activity:
    statement = select(Activity).where(Activity.id == activity_id).with_for_update()
    return ctx.session.scalars(statement.execution_options(populate_existing=True)).one()


def _entered(
    ctx: Context,
    activity: Activity,
    member: MemberCard,
    data: Mapping[str, Any],
    account_id: UUID | None,
    *,
    by_hand: bool = False,
) -> SignUp:
    answers = _checked(activity, data)
    activity = _held(ctx, activity.id)
    if activity.state != "published" or (by_hand and ctx.clock.now() > activity.ends_at):
        raise Refused(lazy("Nobody can sign up for this activity now."))
    if not by_hand and not is_open(ctx, activity):
        raise Refused(lazy("It is too late to sign up."))
    before = ctx.session.scalars(
        select(SignUp).where(SignUp.activity_id == activity.id, SignUp.member_id == member.id)
    ).one_or_none()
    places = 1 + data.get("companions", 0)
    if before is not None and before.state != "withdrawn":
        return _changed(ctx, activity, before, places, answers)
    if before is not None:
        # Who comes again comes last: the new row has a new position.
        ctx.session.delete(before)
        ctx.session.flush()
    return _seated(ctx, activity, member, places, answers, account_id)


def _changed(ctx: Context, activity: Activity, found: SignUp, places: int, answers: dict[str, Any]) -> SignUp:
    """Other answers or companions: the place, or the place in line, is kept."""
    more = places - found.places
    if found.state == "going":
        if activity.capacity is not None and activity.taken + more > activity.capacity:
            raise Invalid({"companions": [lazy("There are not enough places for so many.")]})
        activity.taken += more
    else:
        activity.waiting += more
    found.places, found.answers, found.changed_at = places, answers, ctx.clock.now()
    ctx.session.flush()
    if more:
        seat_those_who_wait(ctx, activity)
    return found


def _seated(
    ctx: Context, activity: Activity, member: MemberCard, places: int, answers: dict[str, Any], account_id: UUID | None
) -> SignUp:
    seat = rules.seated(activity.capacity, activity.taken, activity.waiting, places)
    activity.taken, activity.waiting = seat.taken, seat.waiting
    now = ctx.clock.now()
    made = SignUp(
        org_id=activity.org_id,
        org_path=activity.org_path,
        activity_id=activity.id,
        member_id=member.id,
        person_id=member.person_id,
        account_id=account_id,
        member_org_id=member.org.id,
        name=member.name,
        state=seat.state,
        places=places,
        answers=answers,
        signed_up_at=now,
        changed_at=now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    after = {"state": made.state, "places": places}
    record(ctx, "activities.sign_up.create", subject(made), org=activity.org, after=after)
    return made


def _withdrawn(ctx: Context, activity: Activity, found: SignUp) -> SignUp:
    if found.state == "going":
        activity.taken -= found.places
    else:
        activity.waiting -= found.places
    found.state, found.changed_at = "withdrawn", ctx.clock.now()
    ctx.session.flush()
    record(ctx, "activities.sign_up.withdraw", subject(found), org=activity.org)
    seat_those_who_wait(ctx, activity)
    return found


def _checked(activity: Activity, data: Mapping[str, Any]) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    if data.get("companions", 0) > activity.companions:
        wrong["companions"] = [lazy("You can bring %(n)s at most.", n=activity.companions)]
    answers, reasons = survey_problems(activity.questions, data.get("answers") or {})
    wrong |= {f"answers.{key}": found for key, found in reasons.items()}
    if wrong:
        raise Invalid(wrong)
    return answers
