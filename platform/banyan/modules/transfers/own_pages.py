"""Console pages of one's own transfers: for members, phone first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import signed_in
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.approvals.views import read_only_panel
from banyan.modules.people.services import own
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import schemas
from banyan.modules.transfers.forms import correction_form, words
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import applying, following, places, reading
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

NEW, SHOW, CORRECT = "transfers/mine_new.html", "transfers/mine_show.html", "transfers/correct.html"
SHOWN = "transfers_pages.mine_show"


def add_own_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/me/transfers"
    one = f"{base}/<uuid:transfer_id>"
    pages.add_url_rule(base, "mine", mine, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "mine_new", new, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "mine_create", create, methods=["POST"])
    pages.add_url_rule(f"{base}/destinations", "mine_destinations", destinations, methods=["GET"])
    pages.add_url_rule(one, "mine_show", show, methods=["GET"])
    pages.add_url_rule(f"{one}/correct", "mine_correct", correct, methods=["GET"])
    pages.add_url_rule(f"{one}/correct", "mine_send_again", send_again, methods=["POST"])
    pages.add_url_rule(f"{one}/withdraw", "mine_withdraw", withdraw, methods=["POST"])


@signed_in
def mine() -> ResponseReturnValue:
    """One's own transfers."""
    ctx = current()
    found = reading.own(ctx)
    records = own.records(ctx)
    may_ask = [record for record in records if reading.open_of(ctx, record.id) is None]
    return render_template("transfers/mine.html", transfers=found, records=records, may_ask=bool(may_ask), **words())


@signed_in
def new() -> ResponseReturnValue:
    """The form of an application."""
    ctx = current()
    return render_template(NEW, form=_form(ctx), records=own.records(ctx))


@signed_in
def create() -> ResponseReturnValue:
    """Ask for a transfer."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        transfer = applying.apply_own(ctx, data)
        return done(lazy("Your application is with your branch now."), SHOWN, transfer_id=transfer.id)

    return submit(_form(ctx), use, NEW, records=own.records(ctx))


@signed_in
def destinations() -> ResponseReturnValue:
    """Options of the search-select of a receiving organisation."""
    ctx, text = current(), request.args.get("q", request.args.get("to", "")).strip()
    found = [(hit.code, hit.label) for hit in places.find_for_me(ctx, text)] if len(text) > 1 else []
    return render_template("_options.html", options=found, q=text)


@signed_in
def show(transfer_id: UUID) -> ResponseReturnValue:
    """Where one of one's own transfers stands."""
    ctx = current()
    return render_template(SHOW, **_about(ctx, reading.of_account(ctx, transfer_id)))


@signed_in
def correct(transfer_id: UUID) -> ResponseReturnValue:
    """The form of a correction."""
    ctx = current()
    transfer = applying.of_member(ctx, transfer_id)
    return render_template(CORRECT, form=correction_form(ctx, transfer), **_corrected(transfer))


@signed_in
def send_again(transfer_id: UUID) -> ResponseReturnValue:
    """Correct it and send it again."""
    ctx = current()
    transfer = applying.of_member(ctx, transfer_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        applying.correct(ctx, transfer, data)
        return done(lazy("The request has been sent again."), SHOWN, transfer_id=transfer_id)

    return submit(correction_form(ctx, transfer), use, CORRECT, **_corrected(transfer))


@signed_in
def withdraw(transfer_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    ctx = current()
    applying.withdraw(ctx, applying.of_member(ctx, transfer_id))
    return done(lazy("The transfer has been taken back."), SHOWN, transfer_id=transfer_id)


def _form(ctx: Context) -> BoundForm:
    records = own.records(ctx)
    schema = schemas.OwnTransfer() if len(records) > 1 else schemas.OwnTransfer(exclude=("member",))
    names = [(str(record.id), ctx.session.get_one(Org, record.org_id).name) for record in records]
    return BoundForm(
        schema,
        choices={"member": names} if len(records) > 1 else None,
        urls={"to": url_for("transfers_pages.mine_destinations")},
    )


def _corrected(transfer: Transfer) -> dict[str, Any]:
    action = url_for("transfers_pages.mine_send_again", transfer_id=transfer.id)
    return {"transfer": transfer, "action": action, "back": url_for(SHOWN, transfer_id=transfer.id)}


def _about(ctx: Context, transfer: Transfer) -> dict[str, Any]:
    mine = transfer.origin == "own"
    return {
        "p": following.progress(ctx, transfer),
        "asked": read_only_panel(ctx, transfer.request_id) if transfer.request_id else None,
        "withdrawable": mine and applying.withdrawable(transfer),
        **words(),
    }
