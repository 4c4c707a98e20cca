"""The inbox: what waits, what one asked for, what is late, what goes on below, deputies, and many at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, or_

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.flows import Act
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.runtime import current
from banyan.kernel.tables import TableDef
from banyan.modules.access.decision import may
from banyan.modules.approvals import lists, registry
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.approvals.permissions import INBOX_READ, REQUEST_EXPORT, REQUEST_READ
from banyan.modules.approvals.schemas import DecideTogether, DelegationCreate
from banyan.modules.approvals.services import decisions, delegations, reading, seats
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, TableView, present

USE = INBOX_READ.name


def add_inbox_pages(pages: Blueprint) -> None:
    """Register the pages of the inbox on ``pages``."""
    pages.add_url_rule("/orgs/<code>/inbox", view_func=inbox)
    pages.add_url_rule("/orgs/<code>/inbox/asked", view_func=asked)
    pages.add_url_rule("/orgs/<code>/inbox/overdue", view_func=overdue)
    pages.add_url_rule("/orgs/<code>/inbox/below", view_func=below)
    pages.add_url_rule("/orgs/<code>/inbox/together", view_func=choose, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/inbox/decisions", view_func=decide_together, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/inbox/deputies", view_func=deputies)
    pages.add_url_rule("/orgs/<code>/inbox/deputies/new", view_func=new_deputy)
    pages.add_url_rule("/orgs/<code>/inbox/deputies/new", view_func=name_deputy, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/inbox/deputies/<uuid:delegation_id>/end", view_func=ask_end_deputy)
    pages.add_url_rule("/orgs/<code>/inbox/deputies/<uuid:delegation_id>/end", view_func=end_deputy, methods=["POST"])


@permission(USE)
def inbox() -> ResponseReturnValue:
    """What waits for the reader, wherever that is."""
    ctx = current()
    together = Action(lazy("Decide together"), url_for("approvals_pages.choose"), "checks")
    view = _desks(
        ctx, lists.WAITING, seats.waiting(ctx), "inbox", bulk=(together,), empty=lazy("Nothing waits for you.")
    )
    return render_template("approvals/inbox.html", view=view, tab="waiting"), view.status


@permission(USE)
def asked() -> ResponseReturnValue:
    """What the reader asked for."""
    ctx = current()
    view = _requests(ctx, lists.ASKED, reading.mine(ctx), "asked", lazy("You have not asked for anything yet."))
    return render_template("approvals/inbox.html", view=view, tab="asked"), view.status


@permission(USE)
def overdue() -> ResponseReturnValue:
    """What is late: waiting for the reader, or asked by them."""
    ctx = current()
    concerned = or_(seats.waiting(ctx), ApprovalDesk.asked_by == ctx.actor.account_id) & lists.OVERDUE_ONLY
    view = _desks(ctx, lists.OVERDUE, concerned, "overdue", empty=lazy("Nothing is overdue."))
    return render_template("approvals/inbox.html", view=view, tab="overdue"), view.status


@permission(REQUEST_READ.name)
def below() -> ResponseReturnValue:
    """Requests of this organisation and those below, whoever decides them."""
    ctx = current()
    view = _requests(ctx, lists.REQUESTS, reading.seen_below(ctx), "below", lazy("No requests yet."), export=True)
    return render_template("approvals/inbox.html", view=view, tab="below"), view.status


@permission(USE)
def choose() -> ResponseReturnValue:
    """The form in which the requests chosen in the inbox are decided together."""
    ids = request.form.getlist("ids")
    if not ids:
        flash(str(lazy("Choose at least one request.")), "warn")
        return inbox()
    return _together_page(current(), BoundForm(DecideTogether(), data={"ids": " ".join(ids)}))


@permission(USE)
def decide_together() -> ResponseReturnValue:
    """Decide several requests, and tell row by row what became of them."""
    ctx = current()
    form = BoundForm(DecideTogether())

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        results = decisions.decide_many(ctx, data["ids"], Act(data["act"]), data["opinion"])
        return render_template("approvals/together_done.html", results=results)

    return submit(form, use, "approvals/together.html", chosen=decisions.titles(ctx, ids_sent()))


@permission(USE)
def deputies() -> ResponseReturnValue:
    """Deputies the reader named, and those for whom the reader stands in."""
    ctx = current()
    view = present(
        ctx.session,
        lists.DELEGATIONS,
        request.args,
        delegations.mine(ctx),
        url=url_for("approvals_pages.deputies"),
        actions=_end_action,
        empty=lazy("No deputies yet. Name one before you are away."),
    )
    return render_template("approvals/deputies.html", view=view), view.status


@permission(USE)
def new_deputy() -> ResponseReturnValue:
    """The form that names a deputy."""
    return render_template("approvals/new_deputy.html", form=_deputy_form(current()))


@permission(USE)
def name_deputy() -> ResponseReturnValue:
    """Name a deputy."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        delegations.delegate(ctx, data)
        return done(lazy("Your deputy has been named."), "approvals_pages.deputies")

    return submit(_deputy_form(ctx), use, "approvals/new_deputy.html")


@permission(USE)
def ask_end_deputy(delegation_id: UUID) -> ResponseReturnValue:
    """Ask before a deputy's time ends."""
    return render_template("approvals/end_deputy.html", row=delegations.find(current(), delegation_id))


@permission(USE)
def end_deputy(delegation_id: UUID) -> ResponseReturnValue:
    """End a deputy's time early."""
    delegations.end(current(), delegation_id)
    return done(lazy("The deputy's time has ended."), "approvals_pages.deputies")


def ids_sent() -> str:
    """The ids of a posted form, before it was read."""
    return request.form.get("ids", "")


def _desks(ctx: Context, table: TableDef, where: ColumnElement[bool], endpoint: str, **more: Any) -> TableView:
    address = url_for(f"approvals_pages.{endpoint}")
    return present(
        ctx.session, table, request.args, where, url=address, links={"title": lambda row: _one(row["request"])}, **more
    )


def _requests(
    ctx: Context, table: TableDef, where: ColumnElement[bool], endpoint: str, empty: Any, *, export: bool = False
) -> TableView:
    return present(
        ctx.session,
        table,
        request.args,
        where,
        url=url_for(f"approvals_pages.{endpoint}"),
        links={"title": lambda row: _one(row["id"])},
        export_url=url_for("tasks_pages.export") if export and may(ctx, REQUEST_EXPORT.name) else None,
        empty=empty,
        count=export,  # what one asked for grows for ever; counting it would read it all
    )


def _one(request_id: UUID) -> str:
    return url_for("approvals_pages.one", request_id=request_id)


def _together_page(ctx: Context, form: BoundForm) -> ResponseReturnValue:
    page = render_template("approvals/together.html", form=form, chosen=decisions.titles(ctx, form["ids"].value))
    return make_response(page, 200)


def _deputy_form(ctx: Context) -> BoundForm:
    kinds = sorted((name, translate(flow.title)) for name, flow in registry.flows().items())
    return BoundForm(DelegationCreate(), choices={"flows": kinds, "deputy": delegations.colleagues(ctx)})


def _end_action(row: Row) -> list[Action]:
    if row["state"] not in ("valid", "to_come"):
        return []
    url = url_for("approvals_pages.ask_end_deputy", code=row["organisation_code"], delegation_id=row["id"])
    return [Action(lazy("End the deputy's time"), url, "ban", "danger")]
