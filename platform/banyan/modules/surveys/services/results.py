"""What came out of a survey: counted by the database, whatever the number of answers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, and_, case, cast, func, select, true

from banyan.kernel.context import Context
from banyan.modules.surveys import rules
from banyan.modules.surveys.models import Survey, SurveyAnswer
from banyan.modules.surveys.rules import LEAST_ANONYMOUS, Question

MOST_TEXTS = 50


@dataclass(frozen=True, slots=True)
class Share:
    """How many chose an answer. :ivar percent: of those who answered the question."""

    key: str
    label: str
    number: int
    percent: float


@dataclass(frozen=True, slots=True)
class Result:
    """What was answered to a question.

    :ivar answered: by how many. :ivar average: of a scale. :ivar texts: the first `MOST_TEXTS` of a text question.
    """

    question: Question
    answered: int
    shares: tuple[Share, ...] = ()
    average: float | None = None
    texts: tuple[str, ...] = ()

    @property
    def bars(self) -> tuple[tuple[str, int], ...]:
        """Label and number of each answer, to be drawn."""
        return tuple((share.label, share.number) for share in self.shares)


@dataclass(frozen=True, slots=True)
class Results:
    """What came out.

    :ivar withheld: nothing is told yet: an anonymous survey is open, or has fewer answers than `LEAST_ANONYMOUS`.
    """

    answers: int
    on_paper: int
    withheld: bool
    questions: tuple[Result, ...] = ()


def results(ctx: Context, survey: Survey) -> Results:
    """What came out of a survey that `reach.find` has let through. Four statements, whatever its size."""
    of_it = SurveyAnswer.survey_id == survey.id
    paper = func.count().filter(SurveyAnswer.channel == "paper")
    total, on_paper = ctx.session.execute(select(func.count(), paper).where(of_it)).one()
    if survey.anonymous and (survey.state != "closed" or total < LEAST_ANONYMOUS):
        return Results(total, on_paper, withheld=True)
    questions = rules.read(survey.questions)
    counted, answered = _counted(ctx, survey, questions), _answered(ctx, survey)
    texts = _texts(ctx, survey, questions)
    found = tuple(_result(one, answered.get(one.key, 0), counted, texts.get(one.key, ())) for one in questions)
    return Results(total, on_paper, withheld=False, questions=found)


def _result(question: Question, answered: int, counted: dict[tuple[str, str], int], texts: tuple[str, ...]) -> Result:
    labels = {option.key: option.label for option in question.options}
    numbers = {key: counted.get((question.key, key), 0) for key in question.choices}
    shares = tuple(
        Share(key, labels.get(key, key), number, 100 * number / answered if answered else 0.0)
        for key, number in numbers.items()
    )
    average = None
    if question.kind == "scale" and answered:
        average = sum(int(share.key) * share.number for share in shares) / answered
    return Result(question, answered, shares, average, texts)


def _answered(ctx: Context, survey: Survey) -> dict[str, int]:
    given = func.jsonb_object_keys(SurveyAnswer.answers).table_valued("key", name="given").render_derived()
    statement = select(cast(given.c.key, Text), func.count()).select_from(SurveyAnswer).join(given, true())
    rows = ctx.session.execute(statement.where(SurveyAnswer.survey_id == survey.id).group_by(given.c.key))
    return {str(key): int(number) for key, number in rows}


def _counted(ctx: Context, survey: Survey, questions: tuple[Question, ...]) -> dict[tuple[str, str], int]:
    keys = [question.key for question in questions if question.kind != "text"]
    given = func.jsonb_each(SurveyAnswer.answers).table_valued("key", "value", name="given").render_derived()
    several = case(
        (func.jsonb_typeof(given.c.value) == "array", given.c.value), else_=func.jsonb_build_array(given.c.value)
    )
    one = func.jsonb_array_elements_text(several).table_valued("option", name="one").render_derived()
    statement = (
        select(cast(given.c.key, Text), cast(one.c.option, Text), func.count())
        .select_from(SurveyAnswer)
        .join(given, true())
        .join(one, true())
        .where(SurveyAnswer.survey_id == survey.id, cast(given.c.key, Text).in_(keys))
        .group_by(given.c.key, one.c.option)
    )
    return {(key, option): number for key, option, number in ctx.session.execute(statement)} if keys else {}


def _texts(ctx: Context, survey: Survey, questions: tuple[Question, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in (question.key for question in questions if question.kind == "text"):
        text = SurveyAnswer.answers[key].astext
        statement = select(text).where(and_(SurveyAnswer.survey_id == survey.id, text.is_not(None)))
        found[key] = tuple(ctx.session.scalars(statement.order_by(SurveyAnswer.id).limit(MOST_TEXTS)))
    return found
