"""Console pages of surveys: the list, the survey with its questions and results, and the form of those who answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import participant, permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.audit.history import history
from banyan.modules.surveys import lists, permissions, rules, schemas
from banyan.modules.surveys.api import may_answer
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.question_pages import add_question_pages
from banyan.modules.surveys.registry import hosts
from banyan.modules.surveys.services import answering, exporting, reach, writing
from banyan.modules.surveys.services.results import results
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("surveys_pages", __name__, template_folder="templates")
add_question_pages(pages)
READ, UPDATE, EXPORT = permissions.SURVEY_READ.name, permissions.SURVEY_UPDATE.name, permissions.SURVEY_EXPORT.name


@pages.get("/orgs/<code>/surveys", endpoint="surveys")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Surveys of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.SURVEYS,
        request.args,
        visible(ctx, READ, Survey.org_path, within=ctx.here),
        url=url_for("surveys_pages.surveys"),
        columns=may_see(lists.SURVEYS, lambda name: may(ctx, name)),
        links={"title": lambda row: url_for("surveys_pages.survey", survey_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT) else None,
        empty=lazy("No surveys yet. They begin on the page of what they ask about, for instance an activity."),
    )
    return render_template("surveys/surveys.html", view=view), view.status


@pages.get("/orgs/<code>/surveys/<uuid:survey_id>")
@permission(READ)
def survey(survey_id: UUID) -> ResponseReturnValue:
    """A survey: its questions while it is a draft, what came out afterwards."""
    ctx = current()
    found = reach.find(ctx, survey_id)
    host = hosts().get(found.host)
    return render_template(
        "surveys/survey.html",
        survey=found,
        org=ctx.session.get_one(Org, found.org_id),
        questions=rules.read(found.questions),
        results=results(ctx, found) if found.state != "draft" else None,
        about=host,
        about_url=host.address(ctx, found.host_id) if host and host.address else None,
        changeable=reach.changeable(ctx, found),
        exportable=may(ctx, EXPORT, found.org),
        taking=answering.is_open(ctx, found),
        history=history(ctx, "survey", str(found.id)),
        kinds=rules.KINDS,
        states=rules.STATES,
        tones=rules.STATE_TONES,
    )


@pages.get("/orgs/<code>/surveys/<uuid:survey_id>/edit")
@permission(UPDATE)
def edit(survey_id: UUID) -> ResponseReturnValue:
    """The form of a survey's details."""
    found = reach.find(current(), survey_id, UPDATE)
    return render_template("surveys/edit.html", form=BoundForm(schemas.SurveyUpdate(), obj=found), survey=found)


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/edit")
@permission(UPDATE)
def update(survey_id: UUID) -> ResponseReturnValue:
    """Edit a survey's details."""
    ctx = current()
    found = reach.find(ctx, survey_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        writing.edit(ctx, survey_id, data)
        return done(lazy("Saved."), "surveys_pages.survey", survey_id=survey_id)

    return submit(BoundForm(schemas.SurveyUpdate(), obj=found), use, "surveys/edit.html", survey=found)


def _version() -> int:
    return request.form.get("version", 0, type=int)


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/open")
@permission(UPDATE)
def opening(survey_id: UUID) -> ResponseReturnValue:
    """Open a draft."""
    writing.open_(current(), survey_id, _version())
    return done(lazy("It can be answered from now on."), "surveys_pages.survey", survey_id=survey_id)


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/close")
@permission(UPDATE)
def closing(survey_id: UUID) -> ResponseReturnValue:
    """Close an open survey."""
    writing.close(current(), survey_id, _version())
    return done(lazy("It takes no more answers."), "surveys_pages.survey", survey_id=survey_id)


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/discard")
@permission(UPDATE)
def discarding(survey_id: UUID) -> ResponseReturnValue:
    """Discard a draft."""
    writing.discard(current(), survey_id, _version())
    return done(lazy("The draft has been discarded."), "surveys_pages.surveys")


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/export")
@permission(EXPORT)
def export(survey_id: UUID) -> ResponseReturnValue:
    """Start the export of all answers."""
    task = exporting.export(current(), survey_id)
    return redirect(url_for("tasks_pages.task", task_id=task.id), 303)


def _form(found: Survey, obj: dict[str, Any] | None = None) -> BoundForm:
    return BoundForm(schemas.answer_form(rules.read(found.questions))(), obj=obj)


def _asked(ctx: Context, found: Survey, **values: Any) -> dict[str, Any]:
    return {
        "survey": found,
        "questions": {question.key: question for question in rules.read(found.questions)},
        "taking": answering.is_open(ctx, found),
        **values,
    }


@pages.get("/orgs/<code>/surveys/<uuid:survey_id>/paper")
@permission(UPDATE)
def paper(survey_id: UUID) -> ResponseReturnValue:
    """The form in which an answer on paper is entered."""
    ctx = current()
    found = reach.find(ctx, survey_id, UPDATE)
    return render_template(
        "surveys/answer.html", form=_form(found), **_asked(ctx, found, on_paper=True, answered=False)
    )


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/paper")
@permission(UPDATE)
def enter(survey_id: UUID) -> ResponseReturnValue:
    """Enter what somebody answered on paper."""
    ctx = current()
    found = reach.find(ctx, survey_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        answering.enter(ctx, survey_id, data)
        return done(lazy("Entered. The next one, please."), "surveys_pages.paper", survey_id=survey_id)

    return submit(_form(found), use, "surveys/answer.html", **_asked(ctx, found, on_paper=True, answered=False))


@pages.get("/orgs/<code>/surveys/<uuid:survey_id>/answer")
@participant(may_answer)
def answer(survey_id: UUID) -> ResponseReturnValue:
    """The questions, for those who may answer."""
    ctx = current()
    found = reach.answerable(ctx, survey_id)
    mine = answering.own(ctx, found)
    answered = answering.answered(ctx, found)
    form = _form(found, mine.answers if mine is not None else None)
    return render_template("surveys/answer.html", form=form, **_asked(ctx, found, on_paper=False, answered=answered))


@pages.post("/orgs/<code>/surveys/<uuid:survey_id>/answer")
@participant(may_answer)
def give(survey_id: UUID) -> ResponseReturnValue:
    """Answer a survey."""
    ctx = current()
    found = reach.answerable(ctx, survey_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        answering.answer(ctx, survey_id, data)
        return done(lazy("Thank you, your answers have arrived."), "surveys_pages.answer", survey_id=survey_id)

    return submit(_form(found), use, "surveys/answer.html", **_asked(ctx, found, on_paper=False, answered=False))
