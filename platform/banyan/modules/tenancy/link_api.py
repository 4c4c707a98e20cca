"""The REST API of an organisation's link to its parent."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.link_schemas import LinkDecide, LinkDetail
from banyan.modules.tenancy.services import links

api = Blueprint(
    "tenancy_links_api", __name__, url_prefix="/api/v1/orgs/<code>/link", description="Links between organisations"
)
UPDATE = permissions.LINK_UPDATE.name


def shown(ctx: Context) -> dict[str, Any]:
    """The link as `LinkDetail` shows it."""
    found = links.preview(ctx)
    return {
        "link": found.org.link,
        "parent": found.parent.code,
        "version": found.org.version,
        "choices": found.choices,
        "grants_above": found.above.grants,
        "other_grants_above": found.above.others,
        "decisions": links.decisions(ctx, found.org),
    }


@api.route("")
class Link(MethodView):
    """The link of the organisation to its parent."""

    @api.response(200, LinkDetail)
    @permission(UPDATE)
    def get(self) -> dict[str, Any]:
        """Show the link, what each kind would do, and what was decided about it"""
        return shown(current())

    @api.arguments(LinkDecide)
    @api.response(200, LinkDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any]) -> dict[str, Any]:
        """Decide the kind of the link, with authority on both sides"""
        ctx = current()
        links.decide_link(ctx, data)
        return shown(ctx)
