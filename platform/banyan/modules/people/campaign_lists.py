"""Campaigns; members of whom nothing was said yet in one; answers.

Plans with 2,000,000 members: progress counts members from ``ix_member_active (org_path, admitted_on)``, answers from
``ix_campaign_answer_place (campaign_id, org_path, answer)``, both without reading tables. Those of whom nothing was
said are walked in the order of places ``(org_path, sort_name, id)``, each asked for in the answers' primary key; near
the end of a campaign a province walks long for the last ones, so its figures lead down to where they are. Answers are
read by ``(campaign_id, org_path)``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.orm import Session

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.lists import TODAY
from banyan.modules.people.models import Member
from banyan.modules.people.rules import campaigns
from banyan.modules.tenancy.models import Org

STATE: ColumnElement[str] = case(
    (Campaign.state == "closed", "closed"), (Campaign.due_on < TODAY, "overdue"), else_="open"
)
_Asked = tuple[UUID, Any] | None


def _asked(session: Session, campaign_id: UUID) -> _Asked:
    found = session.execute(select(Campaign.id, Campaign.opened_on).where(Campaign.id == campaign_id)).first()
    return (found[0], found[1]) if found is not None else None


def to_be_confirmed(opened_on: Any) -> ColumnElement[bool]:
    """The predicate of members whom a campaign that opened then is about."""
    return and_(Member.status == "active", Member.admitted_on <= opened_on)


def _unanswered(found: _Asked) -> ColumnElement[bool]:
    if found is None:
        return Member.org_path < ""
    said = CampaignAnswer.__table__.alias("said")
    answered = select(said.c.member_id).where(said.c.campaign_id == found[0], said.c.member_id == Member.id).exists()
    return and_(to_be_confirmed(found[1]), ~answered)


def unanswered(campaign: Campaign) -> ColumnElement[bool]:
    """The predicate of members of whom nothing was said in ``campaign`` yet."""
    return _unanswered((campaign.id, campaign.opened_on))


def _answered(found: _Asked) -> ColumnElement[bool]:
    return CampaignAnswer.campaign_id == found[0] if found is not None else CampaignAnswer.org_path < ""


def _in_state(value: str) -> ColumnElement[bool]:
    if value == "closed":
        return Campaign.state == "closed"
    late = Campaign.due_on < TODAY
    return and_(Campaign.state == "open", late if value == "overdue" else ~late)


CAMPAIGNS = TableDef(
    name="campaigns",
    title=lazy("Campaigns"),
    source=Campaign.__table__.join(Org, Org.id == Campaign.org_id),
    identity=Campaign.id,
    columns=(
        Column("title", lazy("Title"), Campaign.title, "link"),
        Column("kind", lazy("Kind"), Campaign.kind, "badge", campaigns.KINDS),
        Column("org_name", lazy("Opened by"), Org.name),
        Column("opened_on", lazy("Opened on"), Campaign.opened_on, "date"),
        Column("due_on", lazy("To be done by"), Campaign.due_on, "date"),
        Column("state", lazy("State"), STATE, "badge", campaigns.STATES, campaigns.STATE_TONES),
    ),
    sorts=(
        Sort("-opened_on", (Campaign.opened_on, Campaign.id), descending=True),
        Sort("opened_on", (Campaign.opened_on, Campaign.id)),
    ),
    filters=(
        Filter("state", lazy("State"), "choice", _in_state, lambda _s: list(campaigns.STATES.items())),
        Filter(
            "kind",
            lazy("Kind"),
            "choice",
            lambda value: Campaign.kind == value,
            lambda _s: list(campaigns.KINDS.items()),
        ),
    ),
)

UNANSWERED = TableDef(
    name="campaign_unanswered",
    title=lazy("Members to be confirmed"),
    source=Member.__table__.join(Org, Org.id == Member.org_id),
    identity=Member.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("number", lazy("Member number"), Member.number, "code", shown=False),
        Column("birth_date", lazy("Date of birth"), Member.birth_date, "date"),
        Column("joined_on", lazy("Joined on"), Member.joined_on, "date"),
        Column("joining_place", lazy("Place of joining"), Member.joining_place),
        Column("workplace", lazy("School or workplace"), Member.workplace, shown=False),
    ),
    sorts=(Sort("tree", (Member.org_path, Member.sort_name, Member.id)), Sort("name", (Member.sort_name, Member.id))),
    filters=(Filter("campaign", lazy("Campaign"), "uuid", _unanswered, lookup=_asked, rare=True),),
)

ANSWERS = TableDef(
    name="campaign_answers",
    title=lazy("Answers"),
    source=CampaignAnswer.__table__.join(Member, Member.id == CampaignAnswer.member_id).join(
        Org, Org.id == Member.org_id
    ),
    identity=Member.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("answer", lazy("Answer"), CampaignAnswer.answer, "badge", campaigns.ANSWERS, campaigns.ANSWER_TONES),
        Column("reason", lazy("Reason"), CampaignAnswer.reason),
        Column("answered_at", lazy("Answered at"), CampaignAnswer.answered_at, "datetime"),
    ),
    sorts=(Sort("tree", (CampaignAnswer.org_path, CampaignAnswer.member_id)),),
    filters=(
        Filter("campaign", lazy("Campaign"), "uuid", _answered, lookup=_asked, rare=True),
        Filter(
            "answer",
            lazy("Answer"),
            "choice",
            lambda value: CampaignAnswer.answer == value,
            lambda _s: list(campaigns.ANSWERS.items()),
        ),
    ),
)
