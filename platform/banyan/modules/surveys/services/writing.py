"""Writing, opening and closing surveys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import changes, record
from banyan.modules.surveys import rules
from banyan.modules.surveys.events import SurveyClosed, SurveyOpened
from banyan.modules.surveys.models import Survey, SurveyAnswer
from banyan.modules.surveys.rules import Question
from banyan.modules.surveys.services.reach import locked, require_host, subject

DETAILS = ("title", "intro", "anonymous", "closes_on")


def create(
    ctx: Context,
    host: str,
    host_id: UUID,
    org: OrgRef,
    data: Mapping[str, Any],
    questions: Sequence[Question] = (),
) -> Survey:
    """Begin a survey about a thing of a module, as a draft.

    :param host: name of a `SurveyHost`. :param data: of `SurveyDetails`: title, intro, anonymous, closes_on.
    :raises Invalid: :raises Forbidden: the permission of surveys or of the host is missing at ``org``.
    """
    require_host(ctx, host, org)
    _check(ctx, data, questions)
    survey = Survey(
        org_id=org.id,
        org_path=org.path,
        host=host,
        host_id=host_id,
        questions=rules.kept(questions),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data.get(key, default) for key, default in zip(DETAILS, ("", "", False, None), strict=True)},
    )
    ctx.session.add(survey)
    ctx.session.flush()
    record(ctx, "surveys.survey.create", subject(survey), org=org, after=_shown(survey))
    return survey


def copy(ctx: Context, survey: Survey, host_id: UUID) -> Survey:
    """Begin a survey about another thing of the same kind with the questions of one that is there."""
    data = {"title": survey.title, "intro": survey.intro, "anonymous": survey.anonymous}
    return create(ctx, survey.host, host_id, survey.org, data, rules.read(survey.questions))


def edit(ctx: Context, survey_id: UUID, data: Mapping[str, Any]) -> Survey:
    """Edit the details of a survey. Once it is open, the promise of anonymity stands as it was made.

    :param data: of `SurveyUpdate`. :raises Conflict: :raises Refused: :raises Invalid:
    """
    survey = locked(ctx, survey_id, data["version"])
    if survey.state == "closed":
        raise Refused(lazy("This survey is closed."))
    if survey.state == "open" and data["anonymous"] != survey.anonymous:
        raise Invalid({"anonymous": [lazy("People have been told already; this stays as it is.")]})
    _check(ctx, data, ())
    before = _shown(survey)
    for key in DETAILS:
        setattr(survey, key, data[key])
    _record_update(ctx, survey, before)
    return survey


def ask(ctx: Context, survey_id: UUID, questions: Sequence[Question], version: int) -> Survey:
    """Set all questions of a draft.

    :raises Invalid: with all that is wrong. :raises Refused: it is open already: its answers answer these questions.
    """
    survey = locked(ctx, survey_id, version)
    if survey.state != "draft":
        raise Refused(lazy("The questions of an open survey stay as they are. Close it and begin another one."))
    wrong = rules.problems(questions)
    if wrong:
        raise Invalid({"questions": wrong})
    before = _shown(survey)
    survey.questions = rules.kept(questions)
    _record_update(ctx, survey, before)
    return survey


def open_(ctx: Context, survey_id: UUID, version: int) -> Survey:
    """Open a draft to those who may answer.

    :raises Refused: with all reasons.
    """
    survey = locked(ctx, survey_id, version)
    if survey.state != "draft":
        raise Refused(lazy("This survey has been opened already."))
    questions = rules.read(survey.questions)
    reasons: list[Text] = rules.problems(questions) if questions else [lazy("It has no questions yet.")]
    if survey.closes_on is not None and survey.closes_on < today(ctx.clock):
        reasons.append(lazy("Its last day has passed."))
    if reasons:
        raise Refused(*reasons)
    survey.state, survey.opened_at = "open", ctx.clock.now()
    ctx.session.flush()
    record(ctx, "surveys.survey.open", subject(survey), org=survey.org, after={"anonymous": survey.anonymous})
    publish(ctx, survey.org, SurveyOpened(str(survey.id), survey.host, str(survey.host_id)))
    return survey


def close(ctx: Context, survey_id: UUID, version: int) -> Survey:
    """Take no more answers. Anonymous answers are shuffled, and results can be seen from now on."""
    survey = locked(ctx, survey_id, version)
    if survey.state != "open":
        raise Refused(lazy("This survey is not open."))
    return close_held(ctx, survey)


def close_held(ctx: Context, survey: Survey) -> Survey:
    """`close` for a row that is held already."""
    survey.state, survey.closed_at = "closed", ctx.clock.now()
    if survey.anonymous:
        _shuffle(ctx, survey)
    ctx.session.flush()
    record(ctx, "surveys.survey.close", subject(survey), org=survey.org)
    publish(ctx, survey.org, SurveyClosed(str(survey.id), survey.host, str(survey.host_id)))
    return survey


def discard(ctx: Context, survey_id: UUID, version: int) -> None:
    """Delete a draft: nobody has answered it."""
    survey = locked(ctx, survey_id, version)
    if survey.state != "draft":
        raise Refused(lazy("Only a draft can be discarded."))
    record(ctx, "surveys.survey.discard", subject(survey), org=survey.org, before=_shown(survey))
    ctx.session.delete(survey)
    ctx.session.flush()


def _shuffle(ctx: Context, survey: Survey) -> None:
    """Write all answers anew, in random order and in one transaction: nothing is left of when each was given."""
    table = SurveyAnswer.__table__
    gone = (
        delete(SurveyAnswer)
        .where(SurveyAnswer.survey_id == survey.id)
        .returning(table.c.org_id, table.c.org_path, table.c.survey_id, table.c.channel, table.c.answers)
        .cte("gone")
    )
    anew = select(func.gen_random_uuid(), *gone.c).order_by(func.random())
    names = ["id", "org_id", "org_path", "survey_id", "channel", "answers"]
    ctx.session.execute(insert(SurveyAnswer).from_select(names, anew, include_defaults=False))


def _check(ctx: Context, data: Mapping[str, Any], questions: Sequence[Question]) -> None:
    wrong: dict[str, list[Text]] = {"questions": found} if (found := rules.problems(questions)) else {}
    if data.get("closes_on") is not None and data["closes_on"] < today(ctx.clock):
        wrong["closes_on"] = [lazy("This date lies in the past.")]
    if wrong:
        raise Invalid(wrong)


def _shown(survey: Survey) -> dict[str, Any]:
    return {
        **{key: getattr(survey, key) for key in DETAILS},
        "questions": [one["label"] for one in survey.questions],
    }


def _record_update(ctx: Context, survey: Survey, before: Mapping[str, Any]) -> None:
    ctx.session.flush()
    old, new = changes(before, _shown(survey))
    if new:
        record(ctx, "surveys.survey.update", subject(survey), org=survey.org, before=old, after=new)
