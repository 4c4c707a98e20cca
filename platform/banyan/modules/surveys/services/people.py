"""What surveys hold about a person: answers with a name, and that somebody has answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, update

from banyan.kernel.context import Context
from banyan.modules.accounts.models import Account
from banyan.modules.surveys.models import Survey, SurveyAnswer, SurveyTurnout


def _accounts(person_id: str) -> Select[UUID]:
    return select(Account.id).where(Account.person_id == UUID(person_id))


def export(ctx: Context, person_id: str) -> dict[str, Any]:
    """Surveys a person has answered, with the answers where they carry its name (PPL-07)."""
    statement = (
        select(Survey.title, SurveyAnswer.answers, SurveyAnswer.answered_at)
        .select_from(SurveyTurnout)
        .join(Survey, Survey.id == SurveyTurnout.survey_id)
        .outerjoin(
            SurveyAnswer,
            (SurveyAnswer.survey_id == SurveyTurnout.survey_id) & (SurveyAnswer.account_id == SurveyTurnout.account_id),
        )
        .where(SurveyTurnout.account_id.in_(_accounts(person_id)))
    )
    rows = ctx.session.execute(statement).all()
    return {"surveys": [{"title": title, "answers": answers, "answered_at": at} for title, answers, at in rows]}


def erase(ctx: Context, person_id: str) -> dict[str, int]:
    """Take the person out: answers stay without a name, as the results were made of them."""
    accounts = _accounts(person_id)
    named = update(SurveyAnswer).where(SurveyAnswer.account_id.in_(accounts))
    answers = ctx.session.execute(named.values(account_id=None, answered_at=None).returning(SurveyAnswer.id)).all()
    gone = delete(SurveyTurnout).where(SurveyTurnout.account_id.in_(accounts)).returning(SurveyTurnout.survey_id)
    return {"survey_answer": len(answers), "survey_turnout": len(ctx.session.execute(gone).all())}
