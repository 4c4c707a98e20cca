"""How many an audience has: asked while a form is filled in, by the console and by the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint as PageBlueprint
from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.runtime import current
from banyan.modules.people import permissions
from banyan.modules.people.audience_forms import AudiencePreview, AudienceReached, audience_of, choices
from banyan.modules.people.field_api import field_api
from banyan.modules.people.services import audience
from banyan.web.forms import BoundForm

READ = permissions.MEMBER_READ.name
PAGE, FRAGMENT = "people/audience.html", "people/_audience_reached.html"


def add_audience_pages(pages: PageBlueprint) -> None:
    """Add the page to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/members/audience", "audience", preview, methods=["GET"])


def found(ctx: Context, data: dict[str, Any]) -> dict[str, Any]:
    """An audience as `AudienceReached` shows it."""
    chosen = audience_of(ctx, data["audience"])
    numbers = audience.reached(ctx, chosen)
    return {
        "all": numbers.all,
        "with_account": numbers.with_account,
        "without": numbers.without,
        "described": audience.describe(ctx, chosen),
    }


@permission(READ)
def preview() -> ResponseReturnValue:
    """Who would be meant by what stands in a form: a fragment for htmx, a page of its own without script."""
    ctx = current()
    form = BoundForm(AudiencePreview(), choices=choices(ctx))
    names = set(form.fields)
    asked = MultiDict((name, value) for name, value in request.args.items(multi=True) if name in names)
    asked.setlist("_shown", [form.shown])
    data, reached = form.load(asked), None
    if data is not None:
        try:
            reached = found(ctx, data)
        except Invalid as error:
            form.refuse(error)
    fragment = request.headers.get("HX-Request") == "true"
    page = render_template(FRAGMENT if fragment else PAGE, form=form, reached=reached)
    # A fragment is taken in whatever it says; a page of its own says that it was asked wrongly.
    return page, 422 if form.failed and not fragment else 200


@field_api.route("/audience")
class AudienceCount(MethodView):
    """Who would be meant."""

    @field_api.arguments(AudiencePreview, location="json")
    @field_api.response(200, AudienceReached)
    @permission(READ)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Count whom an audience means, and how many of them have an account"""
        return found(current(), data)
