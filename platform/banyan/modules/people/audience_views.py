"""How many an audience has: asked while a form is filled in, by the console and by the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint as PageBlueprint
from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.runtime import current
from banyan.kernel.treepath import upper
from banyan.modules.access.decision import visible
from banyan.modules.people import permissions
from banyan.modules.people.audience_forms import AudiencePreview, AudienceReached, audience_of, choices, urls
from banyan.modules.people.field_api import field_api
from banyan.modules.people.services import audience
from banyan.modules.tenancy.services import search
from banyan.web.forms import BoundForm

READ = permissions.MEMBER_READ.name
MOST_HITS = 20
PAGE, FRAGMENT = "people/audience.html", "people/_audience_reached.html"


def add_audience_pages(pages: PageBlueprint) -> None:
    """Add the page to the module's blueprint."""
    base = "/orgs/<code>/members/audience"
    pages.add_url_rule(base, "audience", preview, methods=["GET"])
    pages.add_url_rule(f"{base}/organisations", "audience_organisations", organisations, methods=["GET"])


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
    form = BoundForm(AudiencePreview(), choices=choices(ctx), urls=urls())
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


@permission(READ)
def organisations() -> str:
    """Options of the search-select of an organisation whose members are meant."""
    ctx, text = current(), request.args.get("q", "").strip()

    def seen(path: search.Paths) -> ColumnElement[bool]:
        return visible(ctx, READ, path, within=ctx.here)

    found = search.search(ctx.session, text, ctx.here.path, upper(ctx.here.path), seen, MOST_HITS)
    options = [
        (hit.place.code, " / ".join((*(above.shown_name for above in hit.above), hit.place.name)))
        for hit in found.hits
        if hit.place.active
    ]
    return render_template("_options.html", options=options, q=text)


@field_api.route("/audience")
class AudienceCount(MethodView):
    """Who would be meant."""

    @field_api.arguments(AudiencePreview, location="json")
    @field_api.response(200, AudienceReached)
    @permission(READ)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Count whom an audience means, and how many of them have an account"""
        return found(current(), data)
