"""Console pages of the audit log."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.errors import Conflict, Refused
from banyan.kernel.runtime import current
from banyan.kernel.treepath import depth
from banyan.modules.audit import history, jobs, results, searching, verification
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.permissions import CHAIN_VERIFY, ENTRY_READ
from banyan.web.tables import Row, present

pages = Blueprint("audit_pages", __name__, template_folder="templates")


@pages.get("/orgs/<code>/audit")
@permission(ENTRY_READ.name)
def entries() -> ResponseReturnValue:
    """The log of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        ENTRIES,
        request.args,
        searching.seen(ctx, ENTRY_READ.name),
        url=url_for("audit_pages.entries"),
        links={"at": _entry, "action": _entry},
        export_url=url_for("tasks_pages.export"),
        count=False,
    )
    return render_template("audit/entries.html", view=view), view.status


def _entry(row: Row) -> str:
    return url_for("audit_pages.entry", entry_id=row["id"])


@pages.get("/orgs/<code>/audit/<uuid:entry_id>")
@permission(ENTRY_READ.name)
def entry(entry_id: UUID) -> ResponseReturnValue:
    """One entry, field by field."""
    ctx = current()
    found = history.entry(ctx, entry_id)
    return render_template(
        "audit/entry.html",
        entry=found,
        proof=verification.proof(ctx.session, entry_id),
        beside=history.beside(ctx, found),
    )


@pages.get("/orgs/<code>/audit/chain", endpoint="chain")
@permission(ENTRY_READ.name)
def show_chain() -> ResponseReturnValue:
    """What the last verifications of the chain found."""
    ctx = current()
    top = depth(ctx.here.path) == 1
    return render_template("audit/chain.html", last=results.last(ctx), results=results.results(ctx), top=top)


@pages.post("/orgs/<code>/audit/chain")
@permission(CHAIN_VERIFY.name)
def verify_chain() -> ResponseReturnValue:
    """Have the chain verified."""
    try:
        task = jobs.ask(current())
    except (Refused, Conflict) as error:
        for reason in error.reasons:
            flash(str(reason), "warn")
        return redirect(url_for("audit_pages.chain"), 303)
    return redirect(url_for("tasks_pages.task", task_id=task.id), 303)
