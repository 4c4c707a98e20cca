"""Console pages of transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.approvals.views import PanelView, request_panel
from banyan.modules.audit.history import history
from banyan.modules.people.services import members
from banyan.modules.transfers import permissions, rules, schemas, stats
from banyan.modules.transfers.batch_pages import add_batch_pages
from banyan.modules.transfers.forms import correction_form, words
from banyan.modules.transfers.lists import OVERDUE, TRANSFERS
from banyan.modules.transfers.member_pages import add_member_pages
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.own_pages import add_own_pages
from banyan.modules.transfers.services import applying, delays, following, places, reading, roles
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("transfers_pages", __name__, template_folder="templates")
add_own_pages(pages)
add_batch_pages(pages)
add_member_pages(pages)
READ, CREATE, DECIDE = permissions.READ.name, permissions.CREATE.name, permissions.DECIDE.name
BASE = "/orgs/<code>/transfers"
ONE = f"{BASE}/<uuid:transfer_id>"
NEW, SHOW, CORRECT = "transfers/new.html", "transfers/show.html", "transfers/correct.html"
SHOWN = "transfers_pages.show"


def _listing(tab: str, sides: Sequence[str], empty: Any, *more: Any) -> ResponseReturnValue:
    ctx = current()
    view = present(
        ctx.session,
        TRANSFERS,
        request.args,
        reading.seen(ctx, READ, sides),
        *more,
        url=url_for("transfers_pages.listing" if tab == "all" else f"transfers_pages.{tab}"),
        columns=may_see(TRANSFERS, lambda name: may(ctx, name)),
        links={"name": lambda row: url_for(SHOWN, transfer_id=row["id"])},
        export_url=url_for("tasks_pages.export") if tab == "all" and may(ctx, permissions.EXPORT.name) else None,
        empty=empty,
    )
    return render_template("transfers/transfers.html", view=view, tab=tab), view.status


@pages.get(BASE)
@permission(READ)
def listing() -> ResponseReturnValue:
    """Transfers from or to this organisation and those below."""
    return _listing("all", reading.SIDES, lazy("No transfers yet."))


@pages.get(f"{BASE}/incoming")
@permission(READ)
def incoming() -> ResponseReturnValue:
    """Who comes."""
    return _listing("incoming", ("to",), lazy("Nobody has asked to come here."))


@pages.get(f"{BASE}/outgoing")
@permission(READ)
def outgoing() -> ResponseReturnValue:
    """Who goes."""
    return _listing("outgoing", ("from",), lazy("Nobody has asked to leave."))


@pages.get(f"{BASE}/overdue")
@permission(READ)
def overdue() -> ResponseReturnValue:
    """What is late, at either side."""
    return _listing("overdue", (*reading.SIDES, "above"), lazy("Nothing is overdue."), OVERDUE)


@pages.get(f"{BASE}/months")
@permission(READ)
def months() -> ResponseReturnValue:
    """How many came and went, by month."""
    ctx = current()
    return render_template("transfers/months.html", months=stats.by_month(ctx, ctx.here))


@pages.get(f"{BASE}/destinations")
@permission(CREATE)
def destinations() -> ResponseReturnValue:
    """Options of the search-select of a receiving organisation."""
    ctx, text = current(), request.args.get("q", request.args.get("to", "")).strip()
    found = [(hit.code, hit.label) for hit in places.find(ctx, ctx.here, text)] if len(text) > 1 else []
    return render_template("_options.html", options=found, q=text)


@pages.get(f"{BASE}/new/<uuid:member_id>")
@permission(CREATE)
def new(member_id: UUID) -> ResponseReturnValue:
    """The form of a transfer that the branch asks for."""
    ctx = current()
    return render_template(NEW, form=_form(schemas.BranchTransfer(), {"member": member_id}), **_member(ctx, member_id))


@pages.post(f"{BASE}/new/<uuid:member_id>")
@permission(CREATE)
def create(member_id: UUID) -> ResponseReturnValue:
    """Ask for a transfer."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        transfer = applying.apply_for(ctx, {**data, "member": member_id})
        return done(lazy("The receiving branch has been asked."), SHOWN, transfer_id=transfer.id)

    return submit(_form(schemas.BranchTransfer(), {"member": member_id}), use, NEW, **_member(ctx, member_id))


@pages.get(ONE)
@permission(READ)
def show(transfer_id: UUID) -> ResponseReturnValue:
    """A transfer: where it stands, until when, and what may be done."""
    ctx = current()
    transfer = reading.find(ctx, transfer_id)
    return render_template(SHOW, form=BoundForm(schemas.DelayMake(), prefix="delay"), **_about(ctx, transfer))


@pages.post(f"{ONE}/delays")
@permission(DECIDE)
def delay(transfer_id: UUID) -> ResponseReturnValue:
    """Say why it takes longer."""
    ctx = current()
    transfer = reading.find(ctx, transfer_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        delays.explain(ctx, transfer, data["text"])
        return done(lazy("The member and the other branch can read it now."), SHOWN, transfer_id=transfer_id)

    return submit(BoundForm(schemas.DelayMake(), prefix="delay"), use, SHOW, **_about(ctx, transfer))


@pages.get(f"{ONE}/correct")
@permission(CREATE)
def correct(transfer_id: UUID) -> ResponseReturnValue:
    """The form of a correction."""
    ctx = current()
    transfer = applying.of_branch(ctx, transfer_id)
    return render_template(CORRECT, form=correction_form(ctx, transfer), **_corrected(transfer))


@pages.post(f"{ONE}/correct")
@permission(CREATE)
def send_again(transfer_id: UUID) -> ResponseReturnValue:
    """Correct it and send it again."""
    ctx = current()
    transfer = applying.of_branch(ctx, transfer_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        applying.correct(ctx, transfer, data)
        return done(lazy("The request has been sent again."), SHOWN, transfer_id=transfer_id)

    return submit(correction_form(ctx, transfer), use, CORRECT, **_corrected(transfer))


@pages.post(f"{ONE}/withdraw")
@permission(CREATE)
def withdraw(transfer_id: UUID) -> ResponseReturnValue:
    """Take back what the branch asked for."""
    ctx = current()
    applying.withdraw(ctx, applying.of_branch(ctx, transfer_id))
    return done(lazy("The transfer has been taken back."), SHOWN, transfer_id=transfer_id)


@pages.get(f"{ONE}/print", endpoint="print")
@permission(READ)
def print_letter(transfer_id: UUID) -> ResponseReturnValue:
    """The letter of introduction, to be printed and sealed."""
    ctx = current()
    transfer = reading.find(ctx, transfer_id)
    back = url_for(SHOWN, transfer_id=transfer_id)
    return render_template("transfers/letter.html", transfers=[transfer], title="", back=back, kinds=rules.KINDS)


def _form(schema: Any, data: dict[str, Any]) -> BoundForm:
    return BoundForm(schema, data=data, urls={"to": url_for("transfers_pages.destinations")})


def _member(ctx: Context, member_id: UUID) -> dict[str, Any]:
    member = members.find(ctx, member_id)
    return {
        "member": member,
        "action": url_for("transfers_pages.create", member_id=member_id),
        "reasons": applying.against_member(ctx, member, "branch"),
        "ending": roles.labels(ctx, member.account_id, member.org),
    }


def _corrected(transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer": transfer,
        "action": url_for("transfers_pages.send_again", transfer_id=transfer.id),
        "back": url_for(SHOWN, transfer_id=transfer.id),
    }


def _asked(ctx: Context, transfer: Transfer) -> PanelView | None:
    """The panel of its request, which leads to where we are already."""
    if transfer.request_id is None:
        return None
    view = request_panel(ctx, transfer.request_id)
    return replace(view, panel=replace(view.panel, page=None))


def _about(ctx: Context, transfer: Transfer) -> dict[str, Any]:
    sends = may(ctx, CREATE, transfer.org) and transfer.direction != "inward"
    return {
        "p": following.progress(ctx, transfer),
        "asked": _asked(ctx, transfer),
        "explains": delays.may_explain(ctx, transfer),
        "withdrawable": sends and transfer.origin == "branch" and applying.withdrawable(transfer),
        "history": history(ctx, "transfer", str(transfer.id)),
        **words(),
    }
