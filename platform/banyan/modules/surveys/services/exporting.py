"""The answers of a survey as an Excel file: a row for each answer, a column for each question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import xlsxwriter
from sqlalchemy import select

from banyan.kernel.clock import SHANGHAI, today
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import _, language, lazy, msgid
from banyan.kernel.jobs import LongTask, Progress, TaskRun, start
from banyan.modules.accounts.models import Account
from banyan.modules.audit.services import record
from banyan.modules.surveys import rules
from banyan.modules.surveys.models import Survey, SurveyAnswer
from banyan.modules.surveys.permissions import SURVEY_EXPORT
from banyan.modules.surveys.rules import CHANNELS, Question
from banyan.modules.surveys.services.reach import find, subject
from banyan.modules.surveys.services.results import results

KIND = "surveys.export"
TITLE = lazy("Answers of a survey")
CHUNK = 2_000
WITHHELD = lazy("The answers of an anonymous survey can be had once it is closed and there are at least three.")


def export(ctx: Context, survey_id: UUID) -> LongTask:
    """Start the export of all answers.

    :raises Refused: they are withheld, see `Results.withheld`.
    """
    survey = find(ctx, survey_id, SURVEY_EXPORT.name)
    if results(ctx, survey).withheld:
        raise Refused(WITHHELD)
    arguments = {"survey": str(survey.id), "permission": SURVEY_EXPORT.name}
    task = start(ctx, KIND, msgid(TITLE), ctx.here, arguments, language=language())
    record(ctx, "surveys.survey.export", subject(survey), org=survey.org)
    return task


def run(task: TaskRun) -> Iterator[Progress]:
    """The job. It asks again whether the answers may be had; a resumed one starts its file again."""
    ctx = task.ctx
    survey = find(ctx, UUID(task.arguments["survey"]), SURVEY_EXPORT.name)
    found = results(ctx, survey)
    if found.withheld:
        raise Refused(WITHHELD)
    target = task.folder / "answers.xlsx"
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": task.folder}
    book = xlsxwriter.Workbook(str(target), options)
    sheet, questions, done = book.add_worksheet(), rules.read(survey.questions), 0
    sheet.freeze_panes(1, 0)
    for position, heading in enumerate(_headings(survey, questions)):
        sheet.write_string(0, position, heading)
    for chunk in _chunks(ctx, survey):
        for _identity, name, at, channel, answers in chunk:
            done += 1
            about = [name or "", _moment(at)] if not survey.anonymous else []
            cells = [*about, str(CHANNELS[channel]), *(_cell(one, answers.get(one.key)) for one in questions)]
            for position, cell in enumerate(cells):
                sheet.write(done, position, cell) if isinstance(cell, int) else sheet.write_string(done, position, cell)
        yield Progress(done, max(found.answers, done))
    book.close()
    task.result, task.result_name = target, f"survey-{today(ctx.clock):%Y%m%d}.xlsx"
    yield Progress(done, done)


def _headings(survey: Survey, questions: tuple[Question, ...]) -> list[str]:
    about = [] if survey.anonymous else [_("Name"), _("Answered at")]
    return [*about, _("Channel"), *(question.label for question in questions)]


def _chunks(ctx: Context, survey: Survey) -> Iterator[list[Any]]:
    after: UUID | None = None
    columns = (SurveyAnswer.id, Account.display_name, SurveyAnswer.answered_at, SurveyAnswer.channel)
    while True:
        statement = (
            select(*columns, SurveyAnswer.answers)
            .select_from(SurveyAnswer)
            .outerjoin(Account, Account.id == SurveyAnswer.account_id)
            .where(SurveyAnswer.survey_id == survey.id)
        )
        if after is not None:
            statement = statement.where(SurveyAnswer.id > after)
        rows = list(ctx.session.execute(statement.order_by(SurveyAnswer.id).limit(CHUNK)).all())
        if not rows:
            return
        after = rows[-1][0]
        yield rows


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at is not None else ""


def _cell(question: Question, answer: Any) -> str | int:
    if answer is None:
        return ""
    if question.kind == "scale":
        return int(answer)
    if question.kind == "text":
        return str(answer)
    labels = {option.key: option.label for option in question.options}
    return "；".join(labels.get(str(one), str(one)) for one in (answer if isinstance(answer, list) else [answer]))
