"""What participants are asked afterwards, with the module surveys (ACT-07)."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from sqlalchemy import select

from banyan.sdk import Context, Refused, Survey, SurveyHost, SurveyQuestion, create_survey, lazy, translate

from .models import SignUp
from .permissions import UPDATE
from .services import reading

FEEDBACK = "activities.feedback"


def may_answer(ctx: Context, activity_id: UUID) -> bool:
    """Those who came; where no attendance was taken, those who had a place."""
    mine = select(SignUp.attended).where(
        SignUp.activity_id == activity_id, SignUp.account_id == ctx.actor.account_id, SignUp.state == "going"
    )
    found = ctx.session.scalars(mine).one_or_none()
    if found is None:
        return False
    taken = select(SignUp.id).where(SignUp.activity_id == activity_id, SignUp.attended != "").limit(1)
    return bool(found) or ctx.session.execute(taken).first() is None


def address(_ctx: Context, activity_id: UUID) -> str:
    """The activity's own page."""
    return url_for("activities_pages.activity", activity_id=activity_id)


def begin(ctx: Context, activity_id: UUID) -> Survey:
    """Begin a survey about an activity, as a draft with a first question. :raises Refused: it was never published."""
    activity = reading.find(ctx, activity_id, UPDATE.name)
    if not activity.published:
        raise Refused(lazy("Publish the activity first."))
    first = SurveyQuestion("q1", "scale", translate("How did you like it?"), required=True)
    data = {"title": activity.title, "anonymous": True}
    return create_survey(ctx, FEEDBACK, activity.id, activity.org, data, (first,))


HOSTS = (SurveyHost(FEEDBACK, lazy("Feedback on an activity"), UPDATE.name, may_answer, address),)
