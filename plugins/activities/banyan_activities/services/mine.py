"""What is on for a member: activities of its own organisations and of all above them, and what it signed up for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, column, select, table
from sqlalchemy.types import Uuid

from banyan.sdk import Context, NotFound, audience_from_json, audience_includes, my_records
from banyan_activities.models import Activity, SignUp

from .reading import NOTHING, SHOWN

MOST = 200
ORG = table("org", column("id", Uuid), column("code", Text(collation="C")), column("name", Text)).alias("host")


@dataclass(frozen=True, slots=True)
class Own:
    """An activity for the actor, or signed up for. :ivar sign_up: None where they have not."""

    activity: Activity
    code: str
    organiser: str
    sign_up: SignUp | None = None


def signed_up(ctx: Context, activity_id: UUID) -> bool:
    """Whether the account has signed up and not withdrawn."""
    mine = select(SignUp.id).where(
        SignUp.activity_id == activity_id, SignUp.account_id == ctx.actor.account_id, SignUp.state != "withdrawn"
    )
    return ctx.session.execute(mine.limit(1)).first() is not None


def coming(ctx: Context) -> Sequence[Own]:
    """What the actor is meant by and is not over, the next one first. Each audience is asked once."""
    records = my_records(ctx)
    places = sorted({path for one in records for path in _upwards(one.org.path)})
    statement = (
        select(Activity, ORG.c.code, ORG.c.name)
        .join(ORG, ORG.c.id == Activity.org_id)
        .where(
            Activity.published,
            Activity.org_path.in_(places),
            Activity.state.in_(SHOWN),
            Activity.ends_at > ctx.clock.now(),
        )
        .order_by(Activity.starts_at, Activity.id)
        .limit(MOST)
    )
    asked: dict[str, bool] = {}
    found = []
    for activity, code, name in ctx.session.execute(statement):
        key = str(sorted(activity.audience.items()))
        if key not in asked:
            audience = audience_from_json(ctx, activity.audience)
            asked[key] = any(audience_includes(ctx, audience, one) for one in records)
        if asked[key]:
            found.append(Own(activity, code, name))
    return found


def sign_ups(ctx: Context) -> Sequence[Own]:
    """What the actor signed up for, the newest first; also with organisations it has left."""
    statement = (
        select(SignUp, Activity, ORG.c.code, ORG.c.name)
        .join(Activity, Activity.id == SignUp.activity_id)
        .join(ORG, ORG.c.id == Activity.org_id)
        .where(SignUp.account_id == ctx.actor.account_id, SignUp.state != "withdrawn")
        .order_by(Activity.starts_at.desc(), Activity.id)
        .limit(MOST)
    )
    return [Own(activity, code, name, found) for found, activity, code, name in ctx.session.execute(statement)]


def for_everybody(ctx: Context, activity_id: UUID) -> Activity:
    """A published activity with a public page. :raises NotFound: for all others."""
    activity = ctx.session.get(Activity, activity_id)
    if activity is None or not activity.open_to_all or not activity.published or activity.org_id != ctx.here.id:
        raise NotFound(NOTHING)
    return activity


def _upwards(path: str) -> list[str]:
    parts = path.rstrip(".").split(".")
    return [".".join(parts[: n + 1]) + "." for n in range(len(parts))]
