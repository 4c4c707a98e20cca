"""Console pages of campaigns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import load, may, visible
from banyan.modules.audit.history import history
from banyan.modules.people import campaign_lists as lists
from banyan.modules.people import campaign_schemas as schemas
from banyan.modules.people.account_pages import chosen_ids
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.campaign_views import lines_of, of_campaign, report, state_of
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import CAMPAIGN_READ, CAMPAIGN_UPDATE, MEMBER_EXPORT, MEMBER_REVIEW
from banyan.modules.people.rules import campaigns as rules
from banyan.modules.people.services import campaign_answers, campaign_progress, campaigns
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, present

pages = Blueprint("people_campaign_pages", __name__, template_folder="templates")
READ, UPDATE, REVIEW = CAMPAIGN_READ.name, CAMPAIGN_UPDATE.name, MEMBER_REVIEW.name
PAGE = "people_campaign_pages.campaign"
FORM, CLOSE, ANSWER = "people/campaign_form.html", "people/campaign_close.html", "people/campaign_answer.html"


@pages.get("/orgs/<code>/campaigns", endpoint="campaigns")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Campaigns of this organisation, those below and those from above."""
    ctx = current()
    view = present(
        ctx.session,
        lists.CAMPAIGNS,
        request.args,
        campaigns.seen(ctx),
        url=url_for("people_campaign_pages.campaigns"),
        links={"title": lambda row: url_for(PAGE, campaign_id=row["id"])},
        export_url=url_for("tasks_pages.export"),
        empty=lazy("No campaigns yet. An upper organisation opens one for all branches below."),
    )
    return render_template("people/campaigns.html", view=view), view.status


@pages.get("/orgs/<code>/campaigns/new", endpoint="new")
@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of a new campaign."""
    form = BoundForm(schemas.CampaignCreate(), data={"asked": list(rules.USUAL)})
    return render_template(FORM, form=form, campaign=None)


@pages.post("/orgs/<code>/campaigns/new", endpoint="create")
@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Open a campaign."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = campaigns.open_campaign(current(), data)
        return done(lazy("The campaign is open."), PAGE, campaign_id=made.id)

    return submit(BoundForm(schemas.CampaignCreate()), use, FORM, campaign=None)


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>", endpoint="campaign")
@permission(READ)
def one(campaign_id: UUID) -> ResponseReturnValue:
    """A campaign: how far it is, level by level, and who is still to be confirmed."""
    ctx = current()
    found = campaigns.find(ctx, campaign_id)
    view = present(
        ctx.session,
        lists.UNANSWERED,
        of_campaign(found),
        visible(ctx, READ, Member.org_path, within=campaigns.ground(ctx, found)),
        url=url_for(PAGE, campaign_id=campaign_id),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        actions=_actions(found) if found.state == "open" and may(ctx, REVIEW) else None,
        bulk=_bulk(found) if found.state == "open" and may(ctx, REVIEW) else (),
        export_url=url_for("tasks_pages.export") if may(ctx, MEMBER_EXPORT.name) else None,
        empty=lazy("Nobody is left to be confirmed here and below."),
    )
    own = found.org_path.startswith(ctx.here.path) and may(ctx, UPDATE, found.org)
    values = {"view": view, "campaign": found, "may_change": own and found.state == "open", **_about(ctx, found)}
    values["history"] = history(ctx, "campaign", str(found.id)) if own else None
    return render_template("people/campaign.html", **values), view.status


def _about(ctx: Context, found: Campaign) -> dict[str, Any]:
    state, here = state_of(ctx, found), ctx.session.get_one(Org, campaigns.ground(ctx, found).id)
    return {
        "state": state,
        "state_label": rules.STATES[state],
        "state_tone": rules.STATE_TONES.get(state, ""),
        "kind": rules.KINDS[found.kind],
        "opener": ctx.session.get_one(Org, found.org_id).name,
        "asked": [rules.ASKED[key] for key in found.asked if key in rules.ASKED],
        "lines": lines_of(ctx, found, here.name),
        "answers": rules.ANSWERS,
    }


def _bulk(found: Campaign) -> list[Action]:
    address = url_for("people_campaign_pages.confirm", campaign_id=found.id)
    return [Action(lazy("Confirm"), address, "check", "btn-primary")]


def _actions(found: Campaign) -> Any:
    def of(row: Row) -> list[Action]:
        address = url_for("people_campaign_pages.ask", campaign_id=found.id, member_id=row["id"])
        return [Action(lazy("Answer"), address, "clipboard-check"), Action(lazy("Correct"), _edit(row), "user")]

    return of


def _edit(row: Row) -> str:
    return url_for("people_pages.edit", member_id=row["id"])


@pages.post("/orgs/<code>/campaigns/<uuid:campaign_id>/confirm", endpoint="confirm")
@permission(REVIEW)
def confirm(campaign_id: UUID) -> ResponseReturnValue:
    """Confirm the selected members."""
    ctx, ids = current(), chosen_ids()
    campaigns.find(ctx, campaign_id)
    if not ids:
        raise Refused(lazy("Choose at least one member."))
    number, left = campaign_answers.confirm(ctx, campaign_id, ids)
    said = lazy("Confirmed: %(n)s; left as they are: %(left)s.", n=number, left=left)
    return done(said, PAGE, campaign_id=campaign_id)


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>/members/<uuid:member_id>", endpoint="ask")
@permission(REVIEW)
def ask(campaign_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """The form of what is said of a member."""
    ctx = current()
    found, member = campaigns.find(ctx, campaign_id), load(ctx, REVIEW, Member, member_id)
    return render_template(ANSWER, form=_answer_form(ctx, found, member), campaign=found, member=member)


def _answer_form(ctx: Context, found: Campaign, member: Member) -> BoundForm:
    there = campaign_answers.held(ctx, found.id, member.id)
    data = {"answer": there.answer, "reason": there.reason, "version": there.version} if there else {"version": 0}
    return BoundForm(schemas.AnswerGiven(), data=data)


@pages.post("/orgs/<code>/campaigns/<uuid:campaign_id>/members/<uuid:member_id>", endpoint="answer")
@permission(REVIEW)
def answer(campaign_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """Say of a member what the check brought."""
    ctx = current()
    found, member = campaigns.find(ctx, campaign_id), load(ctx, REVIEW, Member, member_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        campaign_answers.answer(ctx, campaign_id, member_id, data)
        return done(lazy("Saved."), PAGE, campaign_id=campaign_id)

    return submit(_answer_form(ctx, found, member), use, ANSWER, campaign=found, member=member)


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>/answers", endpoint="answers")
@permission(READ)
def answers(campaign_id: UUID) -> ResponseReturnValue:
    """What was said of members here and below."""
    ctx = current()
    found = campaigns.find(ctx, campaign_id)
    change = found.state == "open" and may(ctx, REVIEW)
    view = present(
        ctx.session,
        lists.ANSWERS,
        of_campaign(found),
        visible(ctx, READ, CampaignAnswer.org_path, within=campaigns.ground(ctx, found)),
        url=url_for("people_campaign_pages.answers", campaign_id=campaign_id),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        actions=_actions(found) if change else None,
        export_url=url_for("tasks_pages.export") if may(ctx, MEMBER_EXPORT.name) else None,
        empty=lazy("Nothing was said of anybody yet."),
    )
    return render_template("people/campaign_answers.html", view=view, campaign=found), view.status


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>/report", endpoint="report")
@permission(READ)
def workbook(campaign_id: UUID) -> Response:
    """How far a campaign is, as a workbook."""
    ctx = current()
    found = campaigns.find(ctx, campaign_id)
    return report(ctx, found, ctx.session.get_one(Org, campaigns.ground(ctx, found).id).name)


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>/edit", endpoint="edit")
@permission(UPDATE)
def edit(campaign_id: UUID) -> ResponseReturnValue:
    """The form of a campaign."""
    found = campaigns.find(current(), campaign_id)
    return render_template(FORM, form=BoundForm(schemas.CampaignEdit(), obj=found), campaign=found)


@pages.post("/orgs/<code>/campaigns/<uuid:campaign_id>/edit", endpoint="update")
@permission(UPDATE)
def update(campaign_id: UUID) -> ResponseReturnValue:
    """Change a campaign."""
    found = campaigns.find(current(), campaign_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        campaigns.edit(current(), campaign_id, data)
        return done(lazy("Saved."), PAGE, campaign_id=campaign_id)

    return submit(BoundForm(schemas.CampaignEdit(), obj=found), use, FORM, campaign=found)


@pages.get("/orgs/<code>/campaigns/<uuid:campaign_id>/close", endpoint="closing")
@permission(UPDATE)
def closing(campaign_id: UUID) -> ResponseReturnValue:
    """The form of the end of a campaign."""
    found = campaigns.find(current(), campaign_id)
    return render_template(
        CLOSE, form=BoundForm(schemas.CampaignClose(), obj={"version": found.version}), campaign=found
    )


@pages.post("/orgs/<code>/campaigns/<uuid:campaign_id>/close", endpoint="close")
@permission(UPDATE)
def close(campaign_id: UUID) -> ResponseReturnValue:
    """Close a campaign."""
    found = campaigns.find(current(), campaign_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        campaigns.close(current(), campaign_id, data)
        return done(lazy("The campaign is closed."), PAGE, campaign_id=campaign_id)

    return submit(BoundForm(schemas.CampaignClose(), obj={"version": found.version}), use, CLOSE, campaign=found)


@pages.get("/orgs/<code>/campaigns/card", endpoint="card")
@permission(READ)
def card() -> ResponseReturnValue:
    """Open campaigns and what is left here, for the dashboard; without script the list."""
    if request.headers.get("HX-Request") != "true":
        return listing()
    ctx = current()
    found = [(one, campaign_progress.left_here(ctx, one), state_of(ctx, one)) for one in campaigns.open_here(ctx, 5)]
    return render_template("people/_campaign_card.html", found=found)
