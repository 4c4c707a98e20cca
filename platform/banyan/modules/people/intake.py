"""What imports, accounts, limits of age and campaigns bring to the module: one list for each of its hooks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Card, NavItem
from banyan.modules.access.decision import may, visible
from banyan.modules.people import (
    account_api,
    account_lists,
    account_pages,
    account_settings,
    age_api,
    age_lists,
    age_pages,
    age_settings,
    campaign_api,
    campaign_events,
    campaign_jobs,
    campaign_lists,
    campaign_models,
    campaign_pages,
    imports,
    privacy,
)
from banyan.modules.people.campaign_models import CampaignAnswer
from banyan.modules.people.models import Member
from banyan.modules.people.panels import PANELS, Panel
from banyan.modules.people.permissions import CAMPAIGN_READ, MEMBER_EXPORT, MEMBER_READ
from banyan.modules.people.services import account_closing, account_figures, age_leaving, campaigns, intake_privacy

MODELS = (campaign_models.Campaign, campaign_models.CampaignAnswer, campaign_models.AgeException)
API = (account_api.api, age_api.api, campaign_api.api)
PAGES = (account_pages.pages, age_pages.pages, campaign_pages.pages)
EVENTS = campaign_events.TYPES
ACTIONS, FIELDS = campaign_events.ACTIONS, campaign_events.FIELDS
SETTINGS = (*account_settings.SETTINGS, *age_settings.SETTINGS)
JOBS = campaign_jobs.JOBS
IMPORTS = imports.IMPORTS
PANELS.extend(
    (
        Panel("account", lazy("Account"), 30, None, "people/panel_account.html", account_pages.panel_data, side=True),
        Panel("age", lazy("Limit of age"), 40, None, "people/panel_age.html", age_pages.panel_data, side=True),
    )
)


heard = account_closing.heard
privacy.EXPORTS.append(intake_privacy.export)
privacy.ERASURES.append(intake_privacy.erase)


def _members(ctx: Context) -> ColumnElement[bool]:
    both = (MEMBER_READ.name, MEMBER_EXPORT.name)
    return and_(*(visible(ctx, one, Member.org_path, within=ctx.here) for one in both))


def _without_account(ctx: Context) -> ColumnElement[bool]:
    return and_(account_lists.MISSING, _members(ctx))


def _over_age(ctx: Context) -> ColumnElement[bool]:
    return and_(age_leaving.concerned(ctx), _members(ctx))


def _unanswered(ctx: Context) -> ColumnElement[bool]:
    return and_(_members(ctx), visible(ctx, CAMPAIGN_READ.name, Member.org_path, within=ctx.here))


def _answers(ctx: Context) -> ColumnElement[bool]:
    names = (CAMPAIGN_READ.name, MEMBER_EXPORT.name)
    return and_(*(visible(ctx, one, CampaignAnswer.org_path, within=ctx.here) for one in names))


EXPORTS = (
    Exportable(account_lists.WITHOUT_ACCOUNT, MEMBER_EXPORT.name, _without_account),
    Exportable(age_lists.OVER_AGE, MEMBER_EXPORT.name, _over_age),
    Exportable(campaign_lists.CAMPAIGNS, CAMPAIGN_READ.name, campaigns.seen),
    Exportable(campaign_lists.UNANSWERED, MEMBER_EXPORT.name, _unanswered),
    Exportable(campaign_lists.ANSWERS, MEMBER_EXPORT.name, _answers),
)
NAVIGATION = (
    NavItem(lazy("Campaigns"), "people_campaign_pages.campaigns", "list-check", "work", 30, CAMPAIGN_READ.name),
)


def cards(ctx: Context) -> Sequence[Card]:
    """What waits for somebody: accounts that are overdue, open campaigns, members who are to leave for age."""
    found: list[Card] = []
    if may(ctx, MEMBER_READ.name) and account_figures.overdue(ctx):
        title = lazy("Accounts of members overdue")
        found.append(Card("people.accounts", title, "people_account_pages.card", 6, 30, MEMBER_READ.name))
    if may(ctx, CAMPAIGN_READ.name) and campaigns.open_here(ctx, 1):
        title = lazy("Open campaigns")
        found.append(Card("people.campaigns", title, "people_campaign_pages.card", 6, 32, CAMPAIGN_READ.name))
    return found
