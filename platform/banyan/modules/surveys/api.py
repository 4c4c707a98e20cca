"""The REST API of surveys: writing them, answering them, and what came out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import participant, permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.surveys import lists, permissions, rules, schemas
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.services import answering, exporting, reach, writing
from banyan.modules.surveys.services.results import Results, results
from banyan.modules.tasks.api import shown
from banyan.modules.tasks.schemas import TaskDetail

api = Blueprint("surveys_api", __name__, url_prefix="/api/v1/orgs/<code>/surveys", description="Surveys")
READ, UPDATE, EXPORT = permissions.SURVEY_READ.name, permissions.SURVEY_UPDATE.name, permissions.SURVEY_EXPORT.name


def may_answer(ctx: Context) -> bool:
    """Whether the host lets the account answer the survey of the address."""
    reach.answerable(ctx, (request.view_args or {})["survey_id"])
    return True


@api.route("")
class Surveys(MethodView):
    """Surveys of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.SURVEYS))
    @api.response(200, api_lists.page_schema(lists.SURVEYS))
    @permission(READ)
    def get(self) -> Response:
        """List the surveys of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, READ, Survey.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.SURVEYS, seen, may=lambda name: may(ctx, name))


@api.route("/<uuid:survey_id>")
class OneSurvey(MethodView):
    """One survey."""

    @api.response(200, schemas.SurveyDetail)
    @permission(READ)
    def get(self, survey_id: UUID) -> Survey:
        """Show a survey with its questions"""
        return reach.find(current(), survey_id)

    @api.arguments(schemas.SurveyUpdate)
    @api.response(200, schemas.SurveyDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], survey_id: UUID) -> Survey:
        """Edit the details of a survey"""
        return writing.edit(current(), survey_id, data)


@api.route("/<uuid:survey_id>/questions")
class Questions(MethodView):
    """The questions of a survey."""

    @api.response(200, schemas.QuestionsOut)
    @permission(READ)
    def get(self, survey_id: UUID) -> Survey:
        """Show the questions of a survey"""
        return reach.find(current(), survey_id)

    @api.arguments(schemas.QuestionsBody)
    @api.response(200, schemas.QuestionsOut)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], survey_id: UUID) -> Survey:
        """Set all questions of a draft"""
        return writing.ask(current(), survey_id, rules.read(data["questions"]), data["version"])


@api.route("/<uuid:survey_id>/opening")
class Opening(MethodView):
    """Opening a survey."""

    @api.arguments(schemas.Version)
    @api.response(200, schemas.SurveyDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], survey_id: UUID) -> Survey:
        """Open a draft to those who may answer"""
        return writing.open_(current(), survey_id, data["version"])


@api.route("/<uuid:survey_id>/closing")
class Closing(MethodView):
    """Closing a survey."""

    @api.arguments(schemas.Version)
    @api.response(200, schemas.SurveyDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], survey_id: UUID) -> Survey:
        """Take no more answers"""
        return writing.close(current(), survey_id, data["version"])


@api.route("/<uuid:survey_id>/discarding")
class Discarding(MethodView):
    """Discarding a draft."""

    @api.arguments(schemas.Version)
    @api.response(204)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], survey_id: UUID) -> None:
        """Discard a draft"""
        writing.discard(current(), survey_id, data["version"])


@api.route("/<uuid:survey_id>/results")
class SurveyResults(MethodView):
    """What came out."""

    @api.response(200, schemas.ResultsOut)
    @permission(READ)
    def get(self, survey_id: UUID) -> Results:
        """Show what came out of a survey"""
        ctx = current()
        return results(ctx, reach.find(ctx, survey_id))


@api.route("/<uuid:survey_id>/export")
class Export(MethodView):
    """All answers as a file."""

    @api.response(202, TaskDetail)
    @permission(EXPORT)
    def post(self, survey_id: UUID) -> dict[str, Any]:
        """Start the export of all answers"""
        return shown(exporting.export(current(), survey_id))


@api.route("/<uuid:survey_id>/paper-answers")
class PaperAnswers(MethodView):
    """Answers on paper."""

    @api.arguments(schemas.AnswersBody)
    @api.response(204)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], survey_id: UUID) -> None:
        """Enter what somebody answered on paper"""
        answering.enter(current(), survey_id, data["answers"])


@api.route("/<uuid:survey_id>/answer")
class Answer(MethodView):
    """One's own answer."""

    @api.response(200, schemas.OwnSurvey)
    @participant(may_answer)
    def get(self, survey_id: UUID) -> dict[str, Any]:
        """Show the questions of a survey that one may answer"""
        return own(current(), survey_id)

    @api.arguments(schemas.AnswersBody)
    @api.response(204)
    @participant(may_answer)
    def post(self, data: dict[str, Any], survey_id: UUID) -> None:
        """Answer a survey"""
        answering.answer(current(), survey_id, data["answers"])


def own(ctx: Context, survey_id: UUID) -> dict[str, Any]:
    """A survey as `OwnSurvey` shows it."""
    survey = reach.answerable(ctx, survey_id)
    mine = answering.own(ctx, survey)
    told = {key: getattr(survey, key) for key in ("id", "title", "intro", "anonymous", "closes_on", "questions")}
    return {
        **told,
        "open": answering.is_open(ctx, survey),
        "answered": answering.answered(ctx, survey),
        "answers": mine.answers if mine is not None else {},
    }
