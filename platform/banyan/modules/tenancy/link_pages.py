"""Console pages of an organisation's link to its parent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.link_schemas import LinkForm
from banyan.modules.tenancy.links import LABELS
from banyan.modules.tenancy.services import links
from banyan.modules.tenancy.services.links import Preview
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

UPDATE = permissions.LINK_UPDATE.name
TEMPLATE = "tenancy/link.html"


def add_link_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/profile/link", "link", link, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/profile/link", "link_decide", decide, methods=["POST"])


@permission(UPDATE)
def link() -> ResponseReturnValue:
    """The link to the parent, and what each kind would do."""
    ctx = current()
    found = links.preview(ctx)
    return render_template(TEMPLATE, form=_form(found), **_about(ctx, found))


@permission(UPDATE)
def decide() -> ResponseReturnValue:
    """Decide the kind of the link."""
    ctx = current()
    found = links.preview(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        upload = data.pop("document", None)
        limit = runtime().settings.upload_limit
        with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as document:
            org = links.decide_link(ctx, data, document=document, store=runtime().store)
        return done(lazy("The link is now: %(kind)s.", kind=LABELS[org.link]), "tenancy_pages.profile")

    return submit(_form(found), use, TEMPLATE, **_about(ctx, found))


def _form(found: Preview) -> BoundForm:
    return BoundForm(LinkForm(), data={"link": found.org.link, "version": found.org.version})


def _about(ctx: Context, found: Preview) -> dict[str, Any]:
    return {"preview": found, "labels": LABELS, "decisions": links.decisions(ctx, found.org)}
