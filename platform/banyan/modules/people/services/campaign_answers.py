"""What branches say of their members in a campaign: one by one, or many at once (PPL-08).

Two who answer for the same member at once: the first one's answer stands, the other is told; an answer that is there
already is changed by whoever has read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, literal, select
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.modules.access.decision import load, visible
from banyan.modules.audit.services import record
from banyan.modules.people.campaign_lists import to_be_confirmed
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_REVIEW
from banyan.modules.people.rules import campaigns as rules
from banyan.modules.people.services import campaigns
from banyan.modules.people.services.changing import subject

MOST = 500
FASTER = lazy("Somebody else has answered for this member meanwhile. Load the page again.")
NOT_ASKED = lazy("This campaign does not ask about this member.")


def confirm(ctx: Context, campaign_id: UUID, member_ids: Sequence[UUID]) -> tuple[int, int]:
    """Confirm members whose records agree with what was checked; those edited since the opening count as corrected.

    :return: of how many it was said now, and how many of ``member_ids`` were left: out of reach, or answered already.
    :raises Refused: the campaign is closed.
    """
    found = _open(ctx, campaign_id)
    wanted = list(dict.fromkeys(member_ids))[:MOST]
    told = case((Member.updated_at > found.created_at, "corrected"), else_="confirmed")
    chosen = select(
        literal(found.id),
        Member.id,
        Member.org_path,
        told,
        literal(ctx.actor.account_id),
        literal(ctx.clock.now()),
        literal(1),
    ).where(
        Member.id.in_(wanted),
        to_be_confirmed(found.opened_on),
        Member.org_path >= found.org_path,
        Member.org_path < upper(found.org_path),
        visible(ctx, MEMBER_REVIEW.name, Member.org_path),
    )
    columns = ("campaign_id", "member_id", "org_path", "answer", "answered_by", "answered_at", "version")
    statement = insert(CampaignAnswer).from_select(columns, chosen).on_conflict_do_nothing()
    said = ctx.session.execute(statement.returning(CampaignAnswer.member_id)).scalars().all()
    if said:
        after = {"confirmed": len(said)}
        record(ctx, "people.campaign.confirm", campaigns.subject(found), org=ctx.here, after=after)
    return len(said), len(wanted) - len(said)


def answer(ctx: Context, campaign_id: UUID, member_id: UUID, data: Mapping[str, Any]) -> CampaignAnswer:
    """Say of one member what the check brought.

    :param data: ``answer``, ``reason``, and the ``version`` of the answer that was read, 0 where there was none.
    :raises Conflict: somebody else was faster. :raises Invalid: a reason is needed. :raises Refused: closed.
    """
    found = _open(ctx, campaign_id)
    member = load(ctx, MEMBER_REVIEW.name, Member, member_id)
    asked = member.status == "active" and member.admitted_on <= found.opened_on
    if not asked or not member.org_path.startswith(found.org_path):
        raise NotFound(NOT_ASKED)
    if data["answer"] in rules.NEED_REASON and not data["reason"]:
        raise Invalid({"reason": [lazy("Say why.")]})
    there = held(ctx, found.id, member.id)
    before = None if there is None else {"answer": there.answer, "reason": there.reason}
    if (there.version if there is not None else 0) != data["version"]:
        raise Conflict(FASTER)
    if there is None:
        there = _first(ctx, found, member, data)
    else:
        there.answer, there.reason = data["answer"], data["reason"]
        there.answered_by, there.answered_at = ctx.actor.account_id, ctx.clock.now()
        ctx.session.flush()
    after = {"answer": there.answer, "reason": there.reason, "campaign": found.title}
    record(ctx, "people.campaign.answer", subject(member), org=member.org, before=before, after=after)
    return there


def held(ctx: Context, campaign_id: UUID, member_id: UUID) -> CampaignAnswer | None:
    """The answer there is about a member."""
    return ctx.session.get(CampaignAnswer, (campaign_id, member_id), populate_existing=True)


def _first(ctx: Context, found: Campaign, member: Member, data: Mapping[str, Any]) -> CampaignAnswer:
    values = {
        "campaign_id": found.id,
        "member_id": member.id,
        "org_path": member.org_path,
        "answer": data["answer"],
        "reason": data["reason"],
        "answered_by": ctx.actor.account_id,
        "answered_at": ctx.clock.now(),
        "version": 1,
    }
    made = ctx.session.execute(
        insert(CampaignAnswer).values(values).on_conflict_do_nothing().returning(CampaignAnswer.member_id)
    ).first()
    there = held(ctx, found.id, member.id)
    if made is None or there is None:
        raise Conflict(FASTER)
    return there


def _open(ctx: Context, campaign_id: UUID) -> Campaign:
    found = campaigns.find(ctx, campaign_id)
    if found.state == "closed":
        raise Refused(campaigns.CLOSED)
    return found
