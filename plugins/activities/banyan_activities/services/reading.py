"""Finding activities: for those who run them, and for the members they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, column, select, table

from banyan.sdk import (
    Context,
    MemberCard,
    NotFound,
    Subject,
    audience_from_json,
    audience_includes,
    lazy,
    load,
    my_records,
)
from banyan_activities.models import Activity, Photo, SignUp
from banyan_activities.permissions import READ

ORG = table("org", column("id", Uuid), column("code", Text(collation="C")))
NOTHING = lazy("There is nothing here, or it is not within your reach.")
SHOWN = ("published", "cancelled")


def subject(activity: Activity) -> Subject:
    """An activity as the audit log names it."""
    return Subject("activities_activity", str(activity.id), activity.title)


def find(ctx: Context, activity_id: UUID, permission: str = READ.name) -> Activity:
    """An activity of the organisation of the request or below, for those who run it.

    :raises NotFound: :raises Forbidden: as everywhere.
    """
    return load(ctx, permission, Activity, activity_id)


def invited(ctx: Context, activity: Activity) -> Sequence[MemberCard]:
    """The records of the actor that an activity is for."""
    if not activity.published:
        return ()
    audience = audience_from_json(ctx, activity.audience)
    return [member for member in my_records(ctx) if audience_includes(ctx, audience, member)]


def own(ctx: Context, activity: Activity) -> SignUp | None:
    """What the account of the context has signed up with, unless it has withdrawn."""
    mine = select(SignUp).where(
        SignUp.activity_id == activity.id, SignUp.account_id == ctx.actor.account_id, SignUp.state != "withdrawn"
    )
    return ctx.session.scalars(mine.limit(1)).one_or_none()


def for_member(ctx: Context, activity_id: UUID) -> tuple[Activity, Sequence[MemberCard]]:
    """An activity of exactly the organisation of the request as a member sees it, with the records it is for.

    Who has signed up goes on seeing it, also after a transfer.

    :raises NotFound: it is not published, or for others.
    """
    activity = ctx.session.get(Activity, activity_id)
    if activity is None or not activity.published or activity.org_id != ctx.here.id:
        raise NotFound(NOTHING)
    records = invited(ctx, activity)
    if not records and own(ctx, activity) is None:
        raise NotFound(NOTHING)
    return activity, records


def code_of(ctx: Context, org_id: UUID) -> str:
    """The code of an organisation, for addresses."""
    return str(ctx.session.execute(select(ORG.c.code).where(ORG.c.id == org_id)).scalar_one())


def photo(ctx: Context, photo_id: UUID) -> Photo:
    """A picture within reach."""
    return load(ctx, READ.name, Photo, photo_id)


def of_activity(ctx: Context, activity: Activity, sign_up_id: UUID) -> SignUp:
    """A sign-up of an activity that was found already. :raises NotFound: it is another activity's."""
    found = ctx.session.get(SignUp, sign_up_id)
    if found is None or found.activity_id != activity.id:
        raise NotFound(NOTHING)
    return found


def as_told(activity: Activity) -> dict[str, Any]:
    """What the audit log keeps of a plan."""
    keys = ("title", "place", "starts_at", "ends_at", "capacity", "budget", "expected", "open_to_all")
    return {**{key: getattr(activity, key) for key in keys}, "activity_kind": activity.kind}
