"""Console pages of the audit log."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.audit import history
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.neighbours import ORG
from banyan.modules.audit.permissions import ENTRY_READ
from banyan.modules.audit.reading import reading
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
        reading().visible(ctx, ENTRY_READ.name, ORG.c.path, within=ctx.here),
        url=url_for("audit_pages.entries"),
        links={"at": _entry, "action": _entry},
        export_url=url_for("tasks_pages.export"),
    )
    return render_template("audit/entries.html", view=view), view.status


def _entry(row: Row) -> str:
    return url_for("audit_pages.entry", entry_id=row["id"])


@pages.get("/orgs/<code>/audit/<uuid:entry_id>")
@permission(ENTRY_READ.name)
def entry(entry_id: UUID) -> ResponseReturnValue:
    """One entry, field by field."""
    return render_template("audit/entry.html", entry=history.entry(current(), entry_id))
