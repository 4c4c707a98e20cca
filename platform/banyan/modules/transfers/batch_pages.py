"""Console pages of transfers that are asked for together."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.transfers import permissions, rules, schemas
from banyan.modules.transfers.forms import words
from banyan.modules.transfers.lists import TRANSFERS
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import batches, reading
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

READ, CREATE = permissions.READ.name, permissions.CREATE.name
TOGETHER = "transfers/together.html"
MOST_PRINTED = 500


def add_batch_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/transfers"
    pages.add_url_rule(f"{base}/together", "choose", choose, methods=["POST"])
    pages.add_url_rule(f"{base}/together/ask", "ask_together", ask, methods=["POST"])
    pages.add_url_rule(f"{base}/batches/<uuid:batch_id>", "batch", batch, methods=["GET"])
    pages.add_url_rule(f"{base}/batches/<uuid:batch_id>/print", "print_batch", print_batch, methods=["GET"])


@permission(CREATE)
def choose() -> ResponseReturnValue:
    """The form in which the members chosen in the list are transferred together."""
    ids = request.form.getlist("ids")
    if not ids:
        flash(str(lazy("Choose at least one member.")), "warn")
        return make_response(redirect(url_for("transfers_pages.listing"), 303))
    return render_template(TOGETHER, form=_form({"members": " ".join(ids)}), **_chosen(current(), ids))


@permission(CREATE)
def ask() -> ResponseReturnValue:
    """Ask for the transfers, as a long task that tells row by row what became of them."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        task = batches.begin(ctx, data)
        message = lazy("The transfers are being asked for; what cannot be is listed here.")
        return done(message, "tasks_pages.task", task_id=task.id)

    return submit(_form({}), use, TOGETHER, **_chosen(ctx, request.form.get("members", "").split()))


@permission(READ)
def batch(batch_id: UUID) -> ResponseReturnValue:
    """Transfers that belong together, those that the reader may see, and what of it waits for the reader."""
    ctx = current()
    found = batches.standing(ctx, batch_id)
    view = present(
        ctx.session,
        TRANSFERS,
        request.args,
        reading.seen(ctx, READ),
        Transfer.batch_id == batch_id,
        url=url_for("transfers_pages.batch", batch_id=batch_id),
        columns=may_see(TRANSFERS, lambda name: may(ctx, name)),
        links={"name": lambda row: url_for("transfers_pages.show", transfer_id=row["id"])},
        empty=lazy("Nothing yet: the transfers are being asked for."),
    )
    return render_template("transfers/batch.html", found=found, view=view, **words()), view.status


@permission(READ)
def print_batch(batch_id: UUID) -> ResponseReturnValue:
    """One letter of introduction for all of them, to be printed and sealed."""
    ctx = current()
    found = batches.standing(ctx, batch_id)
    rows = select(Transfer).where(Transfer.batch_id == batch_id, reading.seen(ctx, READ))
    transfers = ctx.session.scalars(rows.order_by(Transfer.to_name, Transfer.name, Transfer.id).limit(MOST_PRINTED))
    back = url_for("transfers_pages.batch", batch_id=batch_id)
    return render_template(
        "transfers/letter.html", transfers=transfers.all(), title=found.batch.title, back=back, kinds=rules.KINDS
    )


def _form(data: dict[str, Any]) -> BoundForm:
    return BoundForm(schemas.TogetherForm(), data=data, urls={"to": url_for("transfers_pages.destinations")})


def _chosen(ctx: Context, ids: list[str]) -> dict[str, Any]:
    found = []
    for text in ids[: batches.MOST]:
        with suppress(ValueError):
            found.append(UUID(text))
    return {"chosen": batches.chosen(ctx, found)}
