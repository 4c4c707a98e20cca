"""What pages and API show of campaigns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from flask import Response, request, send_file, url_for
from werkzeug.datastructures import MultiDict

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.files import XLSX
from banyan.kernel.i18n import _, lazy
from banyan.modules.people.campaign_models import Campaign
from banyan.modules.people.campaign_schemas import CampaignDetail
from banyan.modules.people.rules import campaigns as rules
from banyan.modules.people.services import campaign_progress, campaigns
from banyan.modules.people.services.campaign_progress import Progress

_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}


def detail(campaign: Campaign) -> dict[str, Any]:
    """A campaign as `CampaignDetail` shows it."""
    return {key: getattr(campaign, key) for key in CampaignDetail().fields}


def state_of(ctx: Context, campaign: Campaign) -> str:
    """``open``, ``overdue`` or ``closed``."""
    if campaign.state == "closed":
        return "closed"
    return "overdue" if campaign.due_on < today(ctx.clock) else "open"


def figures(ctx: Context, campaign: Campaign) -> list[Progress]:
    """How far it is from where one stands: as it was closed for the organisation that opened it, else counted now."""
    ground = campaigns.ground(ctx, campaign)
    if campaign.state == "closed" and ground.id == campaign.org_id and campaign.figures:
        return campaign_progress.kept(campaign)
    return campaign_progress.progress(ctx, campaign, ground)


def progress_detail(found: Sequence[Progress]) -> list[dict[str, Any]]:
    """Figures as the API shows them."""
    keys = ("code", "name", "itself", "total", "done", "left")
    return [{**{key: getattr(one, key) for key in keys}, "answers": dict(one.answers)} for one in found]


def of_campaign(campaign: Campaign) -> MultiDict[str, str]:
    """The parameters of a list of one campaign, from those of the request."""
    args = MultiDict(request.args)
    args["campaign"] = str(campaign.id)
    return args


def report(ctx: Context, campaign: Campaign, org_name: str) -> Response:
    """How far a campaign is, level by level, as a workbook."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, _OPTIONS)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    lines = [
        (_("Campaign"), campaign.title),
        (_("Kind"), str(rules.KINDS[campaign.kind])),
        (_("To be done by"), campaign.due_on.isoformat()),
        (_("State"), str(rules.STATES[state_of(ctx, campaign)])),
        (_("What came of it"), campaign.closing_note),
    ]
    for row, (label, value) in enumerate(lines):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, value)
    heads = [_("Organisation"), _("Code of the organisation"), _("To be confirmed"), _("Still open")]
    heads += [str(label) for label in rules.ANSWERS.values()] + [_("Per cent")]
    top = len(lines) + 1
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, len(heads) - 1, 18)
    for position, head in enumerate(heads):
        sheet.write_string(top, position, head, bold)
    for row, one in enumerate(figures(ctx, campaign), top + 1):
        sheet.write_string(row, 0, named(one, org_name))
        sheet.write_string(row, 1, one.code)
        numbers = [one.total, one.left, *(one.answers.get(key, 0) for key in rules.ANSWERS), one.share]
        for position, number in enumerate(numbers, 2):
            sheet.write_number(row, position, number)
    book.close()
    target.seek(0)
    response = send_file(target, XLSX, as_attachment=True, download_name=f"{campaign.title}.xlsx")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def named(one: Progress, org_name: str) -> str:
    """What a line of the figures is called."""
    if one.code:
        return one.name
    said = lazy("%(name)s itself", name=org_name) if one.itself else lazy("%(name)s in all", name=org_name)
    return str(said)


def lines_of(ctx: Context, campaign: Campaign, org_name: str) -> list[tuple[Progress, str, str]]:
    """Each line of the figures with its name and where it leads."""
    return [
        (
            one,
            named(one, org_name),
            url_for("people_campaign_pages.campaign", campaign_id=campaign.id, code=one.code) if one.code else "",
        )
        for one in figures(ctx, campaign)
    ]
