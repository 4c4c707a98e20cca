"""What campaigns and limits of age hold about a person, and how they forget it (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.modules.people.campaign_models import AgeException, Campaign, CampaignAnswer
from banyan.modules.people.models import Member


def export(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Answers in campaigns and exceptions to the limit of age."""
    answers = ctx.session.execute(
        select(Campaign.title, CampaignAnswer.answer, CampaignAnswer.reason, CampaignAnswer.answered_at)
        .join(Campaign, Campaign.id == CampaignAnswer.campaign_id)
        .join(Member, Member.id == CampaignAnswer.member_id)
        .where(Member.person_id == person_id)
    )
    exceptions = ctx.session.execute(
        select(AgeException.reason, AgeException.until)
        .join(Member, Member.id == AgeException.member_id)
        .where(Member.person_id == person_id)
    )
    return {
        "campaign_answers": [
            {"campaign": title, "answer": answer, "reason": reason, "answered_at": at.isoformat()}
            for title, answer, reason, at in answers
        ],
        "age_exceptions": [{"reason": reason, "until": until.isoformat()} for reason, until in exceptions],
    }


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Empty what was written in words; that there was an answer stays."""
    ids = list(ctx.session.scalars(select(Member.id).where(Member.person_id == person_id)))
    emptied = {}
    for model in (CampaignAnswer, AgeException):
        done = ctx.session.scalars(
            update(model)
            .where(model.member_id.in_(ids), model.reason != "")
            .values(reason="")
            .returning(model.member_id)
            .execution_options(synchronize_session=False)
        )
        emptied[str(model.__tablename__)] = len(done.all())
    return emptied
