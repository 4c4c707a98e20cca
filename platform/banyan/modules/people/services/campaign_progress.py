"""How far a campaign is, level by level: counted from members and answers, nothing is kept while it runs (PPL-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import visible
from banyan.modules.people.campaign_lists import to_be_confirmed
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import CAMPAIGN_READ
from banyan.modules.people.rules import campaigns
from banyan.modules.people.services.children import Span, counted, spans


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an organisation is. :ivar code: empty for the one that asks. :ivar total: to be confirmed."""

    code: str
    name: str
    total: int
    answers: Mapping[str, int] = field(default_factory=dict)
    itself: bool = False

    @property
    def done(self) -> int:
        """Members of whom something was said."""
        return sum(self.answers.values())

    @property
    def left(self) -> int:
        """Members of whom nothing was said yet."""
        return max(self.total - self.done, 0)

    @property
    def share(self) -> int:
        """Whole per cent that are done."""
        return campaigns.share(self.done, self.total)


def progress(ctx: Context, campaign: Campaign, ground: OrgRef) -> list[Progress]:
    """The whole of ``ground``, then the organisation itself, then each one directly below with all below it."""
    found = spans(ctx, ground)
    whole = Span(None, ground.path, upper(ground.path))
    totals, answers = _totals(ctx, campaign, [whole, *found]), _answers(ctx, campaign, [whole, *found])
    made = [
        Progress(
            one.child.code if one.child else "",
            one.child.name if one.child else "",
            totals[place],
            answers[place],
            itself=place == 1,
        )
        for place, one in enumerate([whole, *found])
    ]
    return [one for place, one in enumerate(made) if place == 0 or one.code or one.total]


def _totals(ctx: Context, campaign: Campaign, found: Sequence[Span]) -> list[int]:
    rows = counted(
        ctx,
        found,
        Member.org_path,
        {"members": func.count()},
        to_be_confirmed(campaign.opened_on),
        visible(ctx, CAMPAIGN_READ.name, Member.org_path),
    )
    return [row["members"] for row in rows]


def _answers(ctx: Context, campaign: Campaign, found: Sequence[Span]) -> list[dict[str, int]]:
    counts = {key: func.count().filter(CampaignAnswer.answer == key) for key in campaigns.ANSWERS}
    return counted(
        ctx,
        found,
        CampaignAnswer.org_path,
        counts,
        CampaignAnswer.campaign_id == campaign.id,
        CampaignAnswer.gone.is_(False),
        visible(ctx, CAMPAIGN_READ.name, CampaignAnswer.org_path),
    )


def left_here(ctx: Context, campaign: Campaign, most: int = 1_000) -> int:
    """How many members of the organisation itself are still to be confirmed, ``most`` at most."""
    said = CampaignAnswer.__table__.alias("said")
    answered = select(said.c.member_id).where(said.c.campaign_id == campaign.id, said.c.member_id == Member.id).exists()
    some = (
        select(Member.id)
        .where(Member.org_id == ctx.here.id, to_be_confirmed(campaign.opened_on), ~answered)
        .limit(most)
    )
    return ctx.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def plain(one: Progress) -> dict[str, Any]:
    """Figures as they are kept when a campaign is closed."""
    return {**asdict(one), "answers": dict(one.answers)}


def kept(campaign: Campaign) -> list[Progress]:
    """The figures that a campaign was closed with."""
    return [Progress(**one) for one in campaign.figures]
