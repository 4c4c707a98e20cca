"""Answering a survey: online, once for each account, or on paper, entered by those who run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Invalid, Refused
from banyan.kernel.i18n import lazy
from banyan.modules.audit.services import record
from banyan.modules.surveys import rules
from banyan.modules.surveys.models import Survey, SurveyAnswer, SurveyTurnout
from banyan.modules.surveys.permissions import SURVEY_UPDATE
from banyan.modules.surveys.services.reach import answerable, find, subject

ANSWERED = lazy("You have answered already; an anonymous answer cannot be found again to change it.")


def is_open(ctx: Context, survey: Survey) -> bool:
    """Whether it takes answers now: its last day is the last, also before the job comes that closes it."""
    return survey.state == "open" and (survey.closes_on is None or survey.closes_on >= today(ctx.clock))


def answer(ctx: Context, survey_id: UUID, answers: Mapping[str, Any]) -> None:
    """Answer a survey. An answer with a name can be given anew until the survey closes; an anonymous one is given once.

    :param answers: key of the question → key of an option, list of keys, number or text.
    :raises NotFound: the host says that this account may not. :raises Invalid: by question, with all reasons.
    :raises Refused: it takes no answers, or there is an anonymous one already.
    """
    survey = answerable(ctx, survey_id)
    _hold(ctx, survey)
    given = _given(survey, answers)
    first = _turn_out(ctx, survey)
    if survey.anonymous:
        if not first:
            raise Refused(ANSWERED)
        # An id of its own kind, as ours tell the order in which they were made.
        _add(ctx, survey, uuid4(), given)
        return
    mine = own(ctx, survey)
    if mine is None:
        _add(ctx, survey, new_id(), given, account_id=ctx.actor.account_id, answered_at=ctx.clock.now())
    else:
        mine.answers, mine.answered_at = given, ctx.clock.now()
        ctx.session.flush()


def enter(ctx: Context, survey_id: UUID, answers: Mapping[str, Any]) -> None:
    """Enter what somebody answered on paper.

    :raises Invalid: :raises Refused: as `answer`.
    """
    survey = find(ctx, survey_id, SURVEY_UPDATE.name)
    _hold(ctx, survey)
    _add(ctx, survey, uuid4() if survey.anonymous else new_id(), _given(survey, answers), channel="paper")
    record(ctx, "surveys.survey.enter", subject(survey), org=survey.org)


def own(ctx: Context, survey: Survey) -> SurveyAnswer | None:
    """What the account of the context answered with its name."""
    mine = select(SurveyAnswer).where(
        SurveyAnswer.survey_id == survey.id, SurveyAnswer.account_id == ctx.actor.account_id
    )
    return ctx.session.scalars(mine).one_or_none()


def answered(ctx: Context, survey: Survey) -> bool:
    """Whether the account of the context has answered."""
    mine = select(SurveyTurnout.account_id).where(
        SurveyTurnout.survey_id == survey.id, SurveyTurnout.account_id == ctx.actor.account_id
    )
    return ctx.session.scalars(mine).one_or_none() is not None


def _hold(ctx: Context, survey: Survey) -> None:
    """Nobody closes it while an answer is on its way in; answers do not wait for each other."""
    ctx.session.refresh(survey, with_for_update={"read": True})
    if not is_open(ctx, survey):
        raise Refused(lazy("This survey takes no answers now."))


def _given(survey: Survey, answers: Mapping[str, Any]) -> dict[str, Any]:
    given, wrong = rules.taken(rules.read(survey.questions), answers)
    if wrong:
        raise Invalid(wrong)
    if not given:
        raise Invalid({}, lazy("Please answer at least one question."))
    return given


def _turn_out(ctx: Context, survey: Survey) -> bool:
    """Whether it is the account's first answer; of two at once one is."""
    row = {
        "survey_id": survey.id,
        "account_id": ctx.actor.account_id,
        "org_id": survey.org_id,
        "org_path": survey.org_path,
    }
    statement = insert(SurveyTurnout).values(row).on_conflict_do_nothing().returning(SurveyTurnout.account_id)
    first = ctx.session.execute(statement).scalar_one_or_none() is not None
    if first:
        record(ctx, "surveys.survey.answer", subject(survey), org=survey.org)
    return first


def _add(ctx: Context, survey: Survey, identity: UUID, given: dict[str, Any], **values: Any) -> None:
    ctx.session.add(
        SurveyAnswer(
            id=identity, org_id=survey.org_id, org_path=survey.org_path, survey_id=survey.id, answers=given, **values
        )
    )
    ctx.session.flush()
