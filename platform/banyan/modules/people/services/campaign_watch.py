"""What happens by itself: reminders of campaigns, and of accounts that are overdue (ACC-02, PPL-08)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy import Select, func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.events import publish
from banyan.kernel.runtime import runtime
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.people.account_lists import MISSING, OVERDUE_UNTIL
from banyan.modules.people.campaign_events import AccountsOverdue, CampaignOverdue, CampaignPressing
from banyan.modules.people.campaign_lists import to_be_confirmed
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.models import Member
from banyan.modules.people.rules import campaigns as rules
from banyan.modules.tenancy.models import Org

REASON = "campaigns and accounts of members of every organisation"
CHUNK = 500
log = structlog.get_logger(__name__)


def watch(ctx: Context) -> None:
    """Remind branches of open campaigns, and tell the levels above what is overdue; each once."""
    day = today(ctx.clock)
    for campaign_id in list(ctx.session.scalars(select(Campaign.id).where(Campaign.state == "open"))):
        with _apart(ctx) as own:
            found = own.session.get_one(Campaign, campaign_id, with_for_update=True)
            if found.state != "open":
                continue
            if found.due_on < day and found.told_on is None:
                found.told_on = day
                _tell_above(own, found)
            elif rules.is_pressing(found.due_on, day) and found.reminded_on is None:
                found.reminded_on = day
                for org, left in _left(own, found):
                    publish(own, org, CampaignPressing(str(found.id), left))


def remind_of_accounts(ctx: Context) -> None:
    """Tell organisations whose members are overdue without account, in the order of the tree."""
    last = ""
    while True:
        with _apart(ctx) as own:
            rows = own.session.execute(
                select(Member.org_id, Member.org_path, func.count())
                .where(MISSING, Member.admitted_on <= OVERDUE_UNTIL, Member.org_path > last)
                .group_by(Member.org_path, Member.org_id)
                .order_by(Member.org_path)
                .limit(CHUNK)
            ).all()
            for org_id, path, missing in rows:
                publish(own, OrgRef(org_id, path), AccountsOverdue(missing))
        if len(rows) < CHUNK:
            return
        last = rows[-1][1]


@contextmanager
def _apart(ctx: Context) -> Iterator[Context]:
    with runtime().db.session(Whole(REASON)) as session:
        yield replace(ctx, session=session)
        session.commit()


def _left(ctx: Context, campaign: Campaign) -> Iterator[tuple[OrgRef, int]]:
    """Organisations with members to be confirmed, and how many."""
    for org_id, path, left in ctx.session.execute(_unanswered(campaign)).all():
        yield OrgRef(org_id, path), left


def _unanswered(campaign: Campaign) -> Select[UUID, str, int]:
    said = CampaignAnswer.__table__.alias("said")
    answered = select(said.c.member_id).where(said.c.campaign_id == campaign.id, said.c.member_id == Member.id).exists()
    return (
        select(Member.org_id, Member.org_path, func.count())
        .where(Member.org_path >= campaign.org_path, Member.org_path < upper(campaign.org_path))
        .where(to_be_confirmed(campaign.opened_on), ~answered)
        .group_by(Member.org_id, Member.org_path)
    )


def _tell_above(ctx: Context, campaign: Campaign) -> None:
    """Each organisation above branches that are not done, and the one that opened the campaign."""
    late = dict(_left(ctx, campaign))
    parents: dict[OrgRef, int] = {campaign.org: sum(late.values())}
    upper_org = Org.__table__.alias("upper_org")
    ids = [org.id for org in late]
    for start in range(0, len(ids), CHUNK):
        rows = ctx.session.execute(
            select(Org.id, upper_org.c.id, upper_org.c.path)
            .join(upper_org, upper_org.c.id == Org.parent_id)
            .where(Org.id.in_(ids[start : start + CHUNK]))
        )
        by_id = {org.id: left for org, left in late.items()}
        for org_id, parent_id, path in rows:
            parent = OrgRef(parent_id, path)
            if parent != campaign.org and path.startswith(campaign.org_path):
                parents[parent] = parents.get(parent, 0) + by_id[org_id]
    for org, left in parents.items():
        if left:
            publish(ctx, org, CampaignOverdue(str(campaign.id), left))
    log.info("campaign overdue", campaign=str(campaign.id), places=len(late))
