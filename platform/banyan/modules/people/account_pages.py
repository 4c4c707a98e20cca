"""Console pages of accounts of members: who has none yet, and the slips that are handed out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people.account_lists import MISSING, WITHOUT_ACCOUNT
from banyan.modules.people.account_views import redeem_at, workbook
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import ACCOUNT_CREATE, MEMBER_EXPORT, MEMBER_READ
from banyan.modules.people.services import account_figures, account_opening
from banyan.modules.people.services.account_opening import Opened
from banyan.web.tables import Action, present

pages = Blueprint("people_account_pages", __name__, template_folder="templates")
READ, CREATE = MEMBER_READ.name, ACCOUNT_CREATE.name
LISTING = "people_account_pages.without"


def _bulk() -> list[Action]:
    open_ = url_for("people_account_pages.open")
    return [
        Action(lazy("Create accounts, print slips"), open_, "printer", "btn-primary"),
        Action(lazy("Create accounts, codes as Excel"), f"{open_}?as=xlsx", "download", "btn-outline-secondary"),
    ]


@pages.get("/orgs/<code>/member-accounts", endpoint="without")
@permission(READ)
def without_account() -> ResponseReturnValue:
    """Members without account here and below, due and overdue."""
    ctx = current()
    view = present(
        ctx.session,
        WITHOUT_ACCOUNT,
        request.args,
        visible(ctx, READ, Member.org_path, within=ctx.here),
        MISSING,
        url=url_for(LISTING),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        bulk=_bulk() if may(ctx, CREATE) else (),
        export_url=url_for("tasks_pages.export") if may(ctx, MEMBER_EXPORT.name) else None,
        empty=lazy("Every member here and below has an account."),
    )
    figures = account_figures.overview(ctx)
    return render_template("people/without_account.html", view=view, figures=figures), view.status


@pages.get("/orgs/<code>/member-accounts/card", endpoint="card")
@permission(READ)
def card() -> ResponseReturnValue:
    """How many accounts are overdue, for the dashboard; without script the list."""
    if request.headers.get("HX-Request") != "true":
        return without_account()
    ctx = current()
    figures = [one for one in account_figures.overview(ctx) if one.missing]
    return render_template("people/_accounts_card.html", figures=sorted(figures, key=lambda one: -one.overdue)[:5])


@pages.post("/orgs/<code>/member-accounts", endpoint="open")
@permission(CREATE)
def open_several() -> ResponseReturnValue:
    """Open accounts for the selected members and show their slips, this once."""
    ids = chosen_ids()
    if not ids:
        raise Refused(lazy("Choose at least one member."))
    opened = account_opening.open_accounts(current(), ids)
    return workbook(opened.slips) if request.args.get("as") == "xlsx" else _slips(opened)


@pages.post("/orgs/<code>/members/<uuid:member_id>/account", endpoint="new_code")
@permission(CREATE)
def new_code(member_id: UUID) -> ResponseReturnValue:
    """Open the account of one member, or draw a new code for it, and show the slip this once."""
    slip = account_opening.new_code(current(), member_id)
    return _slips(Opened([slip]), url_for("people_pages.member", member_id=member_id))


def _slips(opened: Opened, back: str = "") -> Response:
    shown = render_template(
        "people/account_slips.html", opened=opened, redeem_at=redeem_at, back=back or url_for(LISTING)
    )
    response = make_response(shown)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def chosen_ids(more: Sequence[str] = ()) -> list[UUID]:
    """The rows that were selected in a list, or those named."""
    return [UUID(text) for text in more or request.form.getlist("ids") if _is_id(text)]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def panel_data(ctx: Context, member: Member) -> dict[str, object] | None:
    """What the record page says of a member's account."""
    standing = account_opening.standing(ctx, member)
    return {"standing": standing, "may_open": standing.can_have_code and may(ctx, CREATE, member.org)}
