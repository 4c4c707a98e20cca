"""Console pages of a draft's questions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.surveys import editing, rules, schemas
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.permissions import SURVEY_UPDATE
from banyan.modules.surveys.services import reach, writing
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

UPDATE = SURVEY_UPDATE.name
HERE = "/orgs/<code>/surveys/<uuid:survey_id>/questions"


def _form(survey: Survey, key: str) -> BoundForm:
    asked = rules.read(survey.questions)
    data: dict[str, Any] = {"version": survey.version, "kind": "single"}
    if key:
        question = editing.named(asked, key)
        kept = ("label", "kind", "help", "required", "most", "low", "high")
        data |= {name: getattr(question, name) for name in kept}
        data["options"] = [option.label for option in question.options]
        data["only_if"] = [f"{one.question}:{one.option}" for one in question.only_if]
    return BoundForm(schemas.QuestionForm(), data=data, choices={"only_if": editing.conditions(asked, key)})


def _saved(survey_id: UUID, key: str) -> ResponseReturnValue:
    ctx = current()
    survey = reach.find(ctx, survey_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = editing.put(rules.read(survey.questions), key, data)
        writing.ask(ctx, survey_id, made, data["version"])
        return done(lazy("Saved."), "surveys_pages.survey", survey_id=survey_id)

    return submit(_form(survey, key), use, "surveys/question.html", survey=survey, key=key)


def add_question_pages(pages: Blueprint) -> None:
    """Register the views."""
    pages.get(f"{HERE}/new")(question_new)
    pages.post(f"{HERE}/new")(question_add)
    pages.get(f"{HERE}/<question_key>")(question_edit)
    pages.post(f"{HERE}/<question_key>")(question_save)
    pages.post(f"{HERE}/<question_key>/remove")(question_remove)
    pages.post(f"{HERE}/<question_key>/move")(question_move)


@permission(UPDATE)
def question_new(survey_id: UUID) -> ResponseReturnValue:
    """The form of a new question."""
    survey = reach.find(current(), survey_id, UPDATE)
    return render_template("surveys/question.html", form=_form(survey, ""), survey=survey, key="")


@permission(UPDATE)
def question_add(survey_id: UUID) -> ResponseReturnValue:
    """Add a question."""
    return _saved(survey_id, "")


@permission(UPDATE)
def question_edit(survey_id: UUID, question_key: str) -> ResponseReturnValue:
    """The form of a question."""
    survey = reach.find(current(), survey_id, UPDATE)
    return render_template("surveys/question.html", form=_form(survey, question_key), survey=survey, key=question_key)


@permission(UPDATE)
def question_save(survey_id: UUID, question_key: str) -> ResponseReturnValue:
    """Change a question."""
    return _saved(survey_id, question_key)


@permission(UPDATE)
def question_remove(survey_id: UUID, question_key: str) -> ResponseReturnValue:
    """Take a question out."""
    ctx = current()
    asked = rules.read(reach.find(ctx, survey_id, UPDATE).questions)
    left = editing.without(asked, question_key)
    writing.ask(ctx, survey_id, left, request.form.get("version", 0, type=int))
    return done(lazy("Saved."), "surveys_pages.survey", survey_id=survey_id)


@permission(UPDATE)
def question_move(survey_id: UUID, question_key: str) -> ResponseReturnValue:
    """Move a question up or down."""
    by = -1 if request.form.get("to") == "up" else 1
    ctx = current()
    asked = rules.read(reach.find(ctx, survey_id, UPDATE).questions)
    writing.ask(ctx, survey_id, editing.moved(asked, question_key, by), request.form.get("version", 0, type=int))
    return done(lazy("Saved."), "surveys_pages.survey", survey_id=survey_id)
