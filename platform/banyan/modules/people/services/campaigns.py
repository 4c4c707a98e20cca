"""Campaigns: opened by an organisation for all below, changed, closed with their figures (PPL-08, PPL-09)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require, visible
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.people.campaign_events import CampaignClosed, CampaignOpened
from banyan.modules.people.campaign_models import Campaign
from banyan.modules.people.permissions import CAMPAIGN_READ, CAMPAIGN_UPDATE
from banyan.modules.people.services import campaign_progress

GONE = lazy("There is nothing here, or it is not within your reach.")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
CLOSED: Text = lazy("This campaign is closed.")
PAST: Text = lazy("This day is over.")


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of campaigns that concern the organisation of the request: its own, from below, from above."""
    below = visible(ctx, CAMPAIGN_READ.name, Campaign.org_path, within=ctx.here)
    return or_(below, Campaign.org_path.in_(lineage(ctx.here.path)))


def find(ctx: Context, campaign_id: UUID) -> Campaign:
    """A campaign that concerns the organisation of the request.

    :raises NotFound: there is none, or it is another line's. :raises Forbidden: as everywhere.
    """
    found = ctx.session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound(GONE)
    if ctx.here.path.startswith(found.org_path):
        require(ctx, CAMPAIGN_READ.name, ctx.here)
    elif found.org_path.startswith(ctx.here.path):
        require(ctx, CAMPAIGN_READ.name, found.org)
    else:
        raise NotFound(GONE)
    return found


def ground(ctx: Context, campaign: Campaign) -> OrgRef:
    """What of a campaign is seen from the organisation of the request: the whole of it, or what lies below that."""
    return ctx.here if ctx.here.path.startswith(campaign.org_path) else campaign.org


def open_campaign(ctx: Context, data: Mapping[str, Any]) -> Campaign:
    """Open a campaign for the organisation of the request and all below.

    :raises Invalid: a day that is over.
    """
    require(ctx, CAMPAIGN_UPDATE.name, ctx.here)
    day = today(ctx.clock)
    if data["due_on"] < day:
        raise Invalid({"due_on": [PAST]})
    found = Campaign(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        published=True,
        kind=data["kind"],
        title=data["title"],
        note=data["note"],
        asked=list(data["asked"]),
        opened_on=day,
        due_on=data["due_on"],
        opened_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(found)
    ctx.session.flush()
    record(ctx, "people.campaign.open", subject(found), org=found.org, after=_told(found))
    publish(ctx, found.org, CampaignOpened(str(found.id)))
    return found


def edit(ctx: Context, campaign_id: UUID, data: Mapping[str, Any]) -> Campaign:
    """Change what a campaign is called, what it asks, and until when.

    :raises Conflict: it changed since ``version`` was read. :raises Refused: it is closed. :raises Invalid: a past day.
    """
    found = _held(ctx, campaign_id, data["version"])
    if data["due_on"] < found.due_on and data["due_on"] < today(ctx.clock):
        raise Invalid({"due_on": [PAST]})
    before = _told(found)
    if data["due_on"] != found.due_on:
        found.reminded_on = found.told_on = None
    for key in ("title", "note", "due_on"):
        setattr(found, key, data[key])
    found.asked = list(data["asked"])
    ctx.session.flush()
    old, new = changes(before, _told(found))
    if new:
        record(ctx, "people.campaign.update", subject(found), org=found.org, before=old, after=new)
    return found


def close(ctx: Context, campaign_id: UUID, data: Mapping[str, Any]) -> Campaign:
    """Close a campaign: nothing more can be answered, and its figures are kept as they are now.

    :raises Conflict: it changed since ``version`` was read. :raises Refused: it is closed already.
    """
    found = _held(ctx, campaign_id, data["version"])
    figures = campaign_progress.progress(ctx.at(found.org), found, found.org)
    found.figures = [campaign_progress.plain(one) for one in figures]
    found.state, found.closing_note = "closed", data["note"]
    found.closed_at, found.closed_by = ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    whole = figures[0]
    after = {"members": whole.total, "answered": whole.done, "note": found.closing_note}
    record(ctx, "people.campaign.close", subject(found), org=found.org, after=after)
    publish(ctx, found.org, CampaignClosed(str(found.id), whole.total, whole.done))
    return found


def open_here(ctx: Context, most: int = 20) -> list[Campaign]:
    """Open campaigns of the organisation of the request and from above, the most pressing first."""
    statement = select(Campaign).where(Campaign.state == "open", Campaign.org_path.in_(lineage(ctx.here.path)))
    return list(ctx.session.scalars(statement.order_by(Campaign.due_on, Campaign.id).limit(most)))


def subject(campaign: Campaign) -> Subject:
    """A campaign as the audit log names it."""
    return Subject("campaign", str(campaign.id), campaign.title)


def _told(found: Campaign) -> dict[str, Any]:
    keys = ("title", "note", "due_on", "asked")
    return {"campaign_kind": found.kind, **{key: getattr(found, key) for key in keys}}


def _held(ctx: Context, campaign_id: UUID, version: int) -> Campaign:
    found = find(ctx, campaign_id)
    require(ctx, CAMPAIGN_UPDATE.name, found.org)
    ctx.session.refresh(found, with_for_update=True)
    if found.state == "closed":
        raise Refused(CLOSED)
    if found.version != version:
        raise Conflict(STALE)
    return found
