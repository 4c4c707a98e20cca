"""Console pages of the tree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from banyan.kernel import treepath
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, enabled, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.audit.history import history
from banyan.modules.tasks.downloads import attachment
from banyan.modules.tenancy import life_rules, lists, permissions, treeview
from banyan.modules.tenancy.life_pages import add_life_pages, offered
from banyan.modules.tenancy.link_pages import add_link_pages
from banyan.modules.tenancy.links import LABELS
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.module_pages import add_module_pages
from banyan.modules.tenancy.revocation_pages import add_revocation_pages
from banyan.modules.tenancy.schemas import OrgCreateForm, OrgUpdate
from banyan.modules.tenancy.services import documents, links, organisations, search, tree
from banyan.modules.tenancy.services.entries import late
from banyan.modules.tenancy.services.levels import levels, type_labels
from banyan.modules.tenancy.services.life import revoking
from banyan.modules.tenancy.services.life.history import timeline
from banyan.modules.tenancy.setting_pages import add_setting_pages
from banyan.modules.tenancy.treeview import DASHBOARD
from banyan.plugins import manager, searching
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.shell import TreeHit
from banyan.web.tables import Row, TableView, may_see, present
from banyan.web.tasks import asked_by_htmx

pages = Blueprint("tenancy_pages", __name__, template_folder="templates")
add_module_pages(pages)
add_setting_pages(pages)
add_link_pages(pages)
add_life_pages(pages)
add_revocation_pages(pages)
READ, CREATE, UPDATE = permissions.ORG_READ.name, permissions.ORG_CREATE.name, permissions.ORG_UPDATE.name
MOST_HITS = 20


@pages.get("/orgs/<code>/tree", endpoint="tree")
@permission(READ)
def tree_branch() -> ResponseReturnValue:
    """The children of one node of the tree."""
    ctx = current()
    node = organisations.find(ctx, READ, request.args.get("node", ""))
    below, known = tree.children(ctx, [node.id]), levels(ctx.session)
    nodes = [treeview.tree_node(ctx, child, known, {}) for child in below.get(node.id, ())]
    return render_template("_tree.html", nodes=nodes, root=g.place.code)


@pages.get("/orgs/<code>/tree/search")
@permission(READ)
def tree_search() -> ResponseReturnValue:
    """Organisations whose name, initials or code holds what was typed, and what the modules find."""
    ctx, text = current(), request.args.get("q", "").replace("\x00", "").strip()
    found, known = _found(ctx, READ, text), levels(ctx.session)
    hits = [
        TreeHit(hit.place.shown_name, known[hit.place.level].mark, url_for(DASHBOARD, code=hit.place.code), _way(hit))
        for hit in found.hits
    ]
    template = "_tree_search.html" if asked_by_htmx() else "tree_search.html"
    hint = search.HINT if found.too_short and text else ""
    others = [] if found.too_short else searching.found(manager.current(), enabled(), ctx, text)
    return render_template(template, hits=hits, q=text, more=found.more, hint=hint, others=others)


def _found(ctx: Context, name: str, text: str) -> search.Found:
    here = ctx.here

    def seen(path: search.Paths) -> ColumnElement[bool]:
        return visible(ctx, name, path, within=here)

    return search.search(ctx.session, text, here.path, treepath.upper(here.path), seen, MOST_HITS)


def _way(hit: search.Hit) -> tuple[str, ...]:
    return tuple(place.shown_name for place in hit.above)


@pages.get("/orgs/<code>/organisations/options")
@permission(CREATE)
def options() -> ResponseReturnValue:
    """Options of the search-select of a parent organisation."""
    ctx, text = current(), request.args.get("q", "").strip()
    found = _found(ctx, CREATE, text)
    choices = [(hit.place.code, " / ".join((*_way(hit), hit.place.name))) for hit in found.hits]
    return render_template("_options.html", options=choices, q=text)


@pages.get("/orgs/<code>/organisations")
@permission(READ)
def listing() -> ResponseReturnValue:
    """This organisation and those below, as a list."""
    ctx = current()
    view = _list(ctx)
    return render_template("tenancy/organisations.html", view=view, late=late(ctx)), view.status


def _list(ctx: Context) -> TableView:
    known, kinds = levels(ctx.session), type_labels(ctx.session)
    table = lists.labelled({key: level.label for key, level in known.items()}, kinds)
    return present(
        ctx.session,
        table,
        request.args,
        visible(ctx, READ, Org.path, within=ctx.here),
        url=url_for("tenancy_pages.listing"),
        columns=may_see(table, lambda name: may(ctx, name)),
        links={"name": _profile, "parent": _parent_profile(ctx)},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.ORG_EXPORT.name) else None,
    )


def _profile(row: Row) -> str:
    return url_for("tenancy_pages.profile", code=row["code"])


def _parent_profile(ctx: Context) -> Any:
    def link(row: Row) -> str | None:
        above = row.get("code") == g.place.code or not row.get("parent_code")
        return None if above else url_for("tenancy_pages.profile", code=row["parent_code"])

    return link


@pages.route("/orgs/<code>/organisations/new", methods=["GET"])
@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a new organisation below."""
    return render_template("tenancy/new.html", form=_create_form(current()))


@pages.post("/orgs/<code>/organisations/new")
@permission(CREATE)
def create() -> ResponseReturnValue:
    """Create an organisation below."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        upload = data.pop("document", None)
        limit = runtime().settings.upload_limit
        with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as document:
            org = organisations.create(ctx, data, document=document, store=runtime().store)
        return done(lazy("%(name)s has been created.", name=org.name), "tenancy_pages.profile", code=org.code)

    return submit(_create_form(ctx), use, "tenancy/new.html")


def _create_form(ctx: Context) -> BoundForm:
    parent = {"parent": g.place.code}
    known = levels(ctx.session)
    deeper = [(key, level.label) for key, level in known.items() if level.rank > known[g.place.level].rank]
    choices = {
        "level": deeper,
        "type": lists.type_choices(ctx.session),
        "parent": [(g.place.code, g.place.name)],
    }
    return BoundForm(OrgCreateForm(), data=parent, choices=choices, urls={"parent": url_for("tenancy_pages.options")})


@pages.get("/orgs/<code>/profile")
@permission(READ)
def profile() -> ResponseReturnValue:
    """An organisation and its history."""
    ctx = current()
    org = organisations.here(ctx)
    parent = organisations.parent_of(ctx, org)
    return render_template(
        "tenancy/profile.html",
        org=org,
        parent=parent,
        statuses=lists.STATUS,
        late=life_rules.late_by(org.entry_days),
        acts=offered(ctx, org, parent),
        life=timeline(ctx, org),
        decision=revoking.open_decision(ctx, org),
        restorable=may(ctx, permissions.ORG_REVOKE.name) and revoking.restorable(ctx, org),
        successor=_successor(ctx, org),
        standing=levels(ctx.session)[org.level],
        kind=type_labels(ctx.session)[org.type],
        links=LABELS,
        decisions=links.decisions(ctx, org),
        link_changeable=links.may_decide(ctx, org),
        history=history(ctx, "org", str(org.id)),
    )


def _successor(ctx: Context, org: Org) -> tuple[str, str] | None:
    """The name of the organisation that this one went into, and its code where the reader may go there."""
    found = ctx.session.get(Org, org.successor_id) if org.successor_id else None
    return (found.name, found.code if may(ctx, READ, found.ref) else "") if found else None


@pages.get("/orgs/<code>/documents/<uuid:file_id>")
@permission(READ)
def document(file_id: UUID) -> Response:
    """Fetch a document of an organisation."""
    return attachment(documents.download(current(), file_id))


@pages.route("/orgs/<code>/profile/edit", methods=["GET"])
@permission(UPDATE)
def edit() -> ResponseReturnValue:
    """The form of an organisation's details."""
    org = organisations.here(current())
    return render_template("tenancy/edit.html", form=BoundForm(OrgUpdate(), obj=org), org=org)


@pages.post("/orgs/<code>/profile/edit")
@permission(UPDATE)
def update() -> ResponseReturnValue:
    """Edit an organisation's details."""
    ctx = current()
    org = organisations.here(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        organisations.update(ctx, org, data)
        return done(lazy("Saved."), "tenancy_pages.profile")

    return submit(BoundForm(OrgUpdate(), obj=org), use, "tenancy/edit.html", org=org)
