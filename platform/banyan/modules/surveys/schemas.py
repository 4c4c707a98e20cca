"""What forms and API bodies of surveys hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message
from banyan.modules.surveys.rules import KINDS, LONGEST_TEXT, MOST_QUESTIONS, SCALES, Question, read

KEY = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,39}\Z", error=message("Lower-case letters, digits and hyphens only."))


class SurveyDetails(Schema):
    """What a survey says of itself."""

    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Title"), "wide": True})
    intro = Text(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"label": lazy("Introduction"), "widget": "textarea", "multiline": True, "wide": True},
    )
    anonymous = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Anonymous"),
            "help": lazy("Nobody can find out who answered what. Results can be seen once it is closed."),
        },
    )
    closes_on = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Last day"), "help": lazy("Left empty, it stays open until somebody closes it.")},
    )


class SurveyUpdate(SurveyDetails):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class Version(Schema):
    """The version that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class OptionBody(Schema):
    """A possible answer."""

    key = Text(required=True, validate=KEY)
    label = Text(required=True, validate=validate.Length(1, 200))


class ConditionBody(Schema):
    """That an answer was given to an earlier question; of a scale the number."""

    question = Text(required=True, validate=KEY)
    option = Text(required=True, validate=KEY)


class QuestionBody(Schema):
    """A question through the API."""

    key = Text(required=True, validate=KEY)
    kind = Text(required=True, validate=validate.OneOf(tuple(KINDS)))
    label = Text(required=True, validate=validate.Length(1, 300))
    help = Text(load_default="", validate=validate.Length(max=500))
    required = ma.fields.Boolean(load_default=False)
    options = ma.fields.List(ma.fields.Nested(OptionBody), load_default=list)
    most = ma.fields.Integer(load_default=5, validate=validate.Range(*SCALES))
    low = Text(load_default="", validate=validate.Length(max=50))
    high = Text(load_default="", validate=validate.Length(max=50))
    only_if = ma.fields.List(ma.fields.Nested(ConditionBody), load_default=list)


class QuestionsBody(Version):
    """All questions of a draft."""

    questions = ma.fields.List(
        ma.fields.Nested(QuestionBody), required=True, validate=validate.Length(max=MOST_QUESTIONS)
    )


class QuestionForm(Version):
    """A question in the console; its answers to choose from are lines."""

    label = Text(required=True, validate=validate.Length(1, 300), metadata={"label": lazy("Question"), "wide": True})
    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(KINDS)),
        metadata={"label": lazy("Kind of answer"), "widget": "radio", "choices": list(KINDS.items())},
    )
    options = ma.fields.List(
        Text(validate=validate.Length(1, 200)),
        load_default=list,
        metadata={
            "label": lazy("Answers to choose from"),
            "widget": "textarea",
            "help": lazy("One on each line."),
            "wide": True,
        },
    )
    required = ma.fields.Boolean(load_default=False, metadata={"label": lazy("Must be answered")})
    help = Text(load_default="", validate=validate.Length(max=500), metadata={"label": lazy("Help"), "wide": True})
    most = ma.fields.Integer(
        load_default=5,
        validate=validate.Range(*SCALES),
        metadata={"label": lazy("Highest number of the scale"), "group": lazy("Only for a scale")},
    )
    low = Text(
        load_default="",
        validate=validate.Length(max=50),
        metadata={"label": lazy("What 1 means"), "group": lazy("Only for a scale")},
    )
    high = Text(
        load_default="",
        validate=validate.Length(max=50),
        metadata={"label": lazy("What the highest number means"), "group": lazy("Only for a scale")},
    )
    only_if = ma.fields.List(
        Text(),
        load_default=list,
        metadata={
            "label": lazy("Only for those who gave one of these answers"),
            "widget": "checkboxes",
            "help": lazy("With none of them ticked, everybody is asked."),
        },
    )


class AnswersBody(Schema):
    """Answers: key of the question → key of an option, list of keys, number or text."""

    answers = ma.fields.Dict(keys=Text(), values=ma.fields.Raw(allow_none=True), required=True)


class SurveyDetail(Schema):
    """A survey as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    host = ma.fields.String(metadata={"description": "What kind of thing it is about."})
    host_id = ma.fields.UUID()
    title = ma.fields.String()
    intro = ma.fields.String()
    anonymous = ma.fields.Boolean()
    state = ma.fields.String(metadata={"description": "draft, open or closed."})
    closes_on = ma.fields.Date(allow_none=True)
    questions = ma.fields.List(ma.fields.Nested(QuestionBody))
    version = ma.fields.Integer()


class QuestionsOut(Schema):
    """The questions of a survey."""

    questions = ma.fields.List(ma.fields.Nested(QuestionBody))
    version = ma.fields.Integer()


class OwnSurvey(Schema):
    """A survey as those see it who answer."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    intro = ma.fields.String()
    anonymous = ma.fields.Boolean()
    open = ma.fields.Boolean(metadata={"description": "It takes answers now."})
    answered = ma.fields.Boolean()
    closes_on = ma.fields.Date(allow_none=True)
    questions = ma.fields.List(ma.fields.Nested(QuestionBody))
    answers = ma.fields.Dict(metadata={"description": "One's own, where the survey is not anonymous."})


class ShareOut(Schema):
    """How many chose an answer."""

    key = ma.fields.String()
    label = ma.fields.String()
    number = ma.fields.Integer()
    percent = ma.fields.Float(metadata={"description": "Of those who answered the question."})


class ResultOut(Schema):
    """What was answered to a question."""

    key = ma.fields.String(attribute="question.key")
    label = ma.fields.String(attribute="question.label")
    kind = ma.fields.String(attribute="question.kind")
    answered = ma.fields.Integer()
    average = ma.fields.Float(allow_none=True)
    shares = ma.fields.List(ma.fields.Nested(ShareOut))
    texts = ma.fields.List(ma.fields.String(), metadata={"description": "The first 50."})


class ResultsOut(Schema):
    """What came out of a survey."""

    answers = ma.fields.Integer()
    on_paper = ma.fields.Integer()
    withheld = ma.fields.Boolean(metadata={"description": "Anonymous, and still open or with fewer than 3 answers."})
    questions = ma.fields.List(ma.fields.Nested(ResultOut))


def survey_answer_form(questions: Sequence[Mapping[str, Any]]) -> type[Schema]:
    """`answer_form` for questions that a module keeps by itself, as `QuestionBody` loads them."""
    return answer_form(read(questions))


def answer_form(questions: tuple[Question, ...]) -> type[Schema]:
    """A schema with a field for each question; whether all that were asked are answered is the service's to say."""
    return type("Answers", (Schema,), {f"to_{one.key}": _field(one) for one in questions})


def _field(question: Question) -> ma.fields.Field[Any]:
    told = {"label": question.label, "help": question.help, "wide": True}
    named: dict[str, Any] = {"data_key": question.key, "attribute": question.key}
    named["required"] = question.required and not question.only_if
    if question.kind == "text":
        check = validate.Length(max=LONGEST_TEXT)
        return Text(**named, validate=check, metadata={**told, "widget": "textarea", "multiline": True})
    if question.kind == "scale":
        steps = [(str(n), _step(question, n)) for n in range(1, question.most + 1)]
        return ma.fields.Integer(**named, metadata={**told, "widget": "radio", "choices": steps})
    choices = [(option.key, option.label) for option in question.options]
    if question.kind == "single":
        return Text(**named, metadata={**told, "widget": "radio", "choices": choices})
    several = validate.Length(1) if named["required"] else None
    return ma.fields.List(
        Text(), **named, validate=several, metadata={**told, "widget": "checkboxes", "choices": choices}
    )


def _step(question: Question, n: int) -> str:
    meant = {1: question.low, question.most: question.high}.get(n, "")
    return f"{n} · {meant}" if meant else str(n)
