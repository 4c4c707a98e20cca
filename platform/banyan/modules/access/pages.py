"""Console pages of roles and grants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access import labels, lists, neighbours, permissions, schemas
from banyan.modules.access.decision import load, may, visible
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.neighbours import ACCOUNT
from banyan.modules.access.services import explain, grants, matrix, roles, shown
from banyan.modules.audit.history import history
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Row, present

pages = Blueprint("access_pages", __name__, template_folder="templates")
ROLE_READ, ROLE_UPDATE = permissions.ROLE_READ.name, permissions.ROLE_UPDATE.name
GRANT_READ, GRANT_GRANT = permissions.GRANT_READ.name, permissions.GRANT_GRANT.name
MOST_ACCOUNTS = 20


@pages.get("/orgs/<code>/roles", endpoint="roles")
@permission(ROLE_READ)
def role_matrix() -> ResponseReturnValue:
    """What roles mean: the matrix of roles and permissions."""
    found = matrix.matrix(current())
    return render_template("access/roles.html", matrix=found)


@pages.get("/orgs/<code>/own-roles")
@permission(ROLE_READ)
def own_roles() -> ResponseReturnValue:
    """Roles that this organisation and those below defined themselves."""
    ctx = current()
    view = present(
        ctx.session,
        lists.OWN_ROLES,
        request.args,
        visible(ctx, ROLE_READ, OrgRole.org_path, within=ctx.here),
        url=url_for("access_pages.own_roles"),
        links={"name": lambda row: url_for("access_pages.own_role", role_id=row["id"])},
        empty=lazy("No organisation here has defined a role of its own."),
    )
    return render_template("access/own_roles.html", view=view), view.status


@pages.get("/orgs/<code>/own-roles/<uuid:role_id>")
@permission(ROLE_READ)
def own_role(role_id: UUID) -> ResponseReturnValue:
    """One own role: what it means, who holds it, its history."""
    ctx = current()
    role = load(ctx, ROLE_READ, OrgRole, role_id)
    return render_template(
        "access/own_role.html",
        role=role,
        place=neighbours.place(ctx, role.org),
        groups=matrix.groups(ctx, role.org, [line.permission for line in role.lines]),
        holders=roles.holders(ctx, role),
        history=history(ctx, "role", role.key),
        changeable=role.withdrawn_at is None and may(ctx, ROLE_UPDATE, role.org),
    )


@pages.get("/orgs/<code>/own-roles/new")
@permission(ROLE_UPDATE)
def role_new() -> ResponseReturnValue:
    """The form of a new own role."""
    return render_template("access/role_form.html", form=_role_form(current()), role=None)


@pages.post("/orgs/<code>/own-roles/new")
@permission(ROLE_UPDATE)
def role_create() -> ResponseReturnValue:
    """Define an own role."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        role = roles.create_role(ctx, data)
        said = lazy("The role “%(name)s” can be granted now.", name=role.name)
        return done(said, "access_pages.own_role", role_id=role.id)

    return submit(_role_form(ctx), use, "access/role_form.html", role=None)


@pages.get("/orgs/<code>/own-roles/<uuid:role_id>/edit")
@permission(ROLE_UPDATE)
def role_edit(role_id: UUID) -> ResponseReturnValue:
    """The form of an own role."""
    ctx = current()
    role = load(ctx, ROLE_UPDATE, OrgRole, role_id)
    return render_template("access/role_form.html", form=_role_form(ctx, role), role=role)


@pages.post("/orgs/<code>/own-roles/<uuid:role_id>/edit")
@permission(ROLE_UPDATE)
def role_update(role_id: UUID) -> ResponseReturnValue:
    """Edit an own role."""
    ctx = current()
    role = load(ctx, ROLE_UPDATE, OrgRole, role_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        roles.update_role(ctx, role, data)
        return done(lazy("Saved."), "access_pages.own_role", role_id=role_id)

    return submit(_role_form(ctx, role), use, "access/role_form.html", role=role)


@pages.post("/orgs/<code>/own-roles/<uuid:role_id>/withdraw")
@permission(ROLE_UPDATE)
def role_withdraw(role_id: UUID) -> ResponseReturnValue:
    """Withdraw an own role."""
    ctx = current()
    role = load(ctx, ROLE_UPDATE, OrgRole, role_id)
    data = BoundForm(schemas.OwnRoleWithdraw()).load(request.form)
    if data is None:
        raise Invalid({"version": [lazy("Load the page again and repeat your change.")]})
    roles.withdraw_role(ctx, role, data["version"])
    said = lazy("The role “%(name)s” has been withdrawn.", name=role.name)
    return done(said, "access_pages.own_role", role_id=role_id)


def _role_form(ctx: Context, role: OrgRole | None = None) -> BoundForm:
    org = role.org if role else ctx.here
    offered = matrix.groups(ctx, org, roles.holdable(ctx, org))
    choices = [(item.name, item.label, group.label) for group in offered for item in group.permissions]
    schema = schemas.OwnRoleUpdate() if role else schemas.OwnRoleCreate()
    held = {**roles.snapshot(role), "version": role.version} if role else None
    return BoundForm(schema, obj=held, choices={"permissions": choices})


@pages.get("/orgs/<code>/grants", endpoint="grants")
@permission(GRANT_READ)
def grant_list() -> ResponseReturnValue:
    """Who holds which role here and below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.GRANTS,
        request.args,
        visible(ctx, GRANT_READ, RoleGrant.org_path, within=ctx.here),
        url=url_for("access_pages.grants"),
        links={"account": _grant_page, "role": _grant_page},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.GRANT_EXPORT.name) else None,
    )
    return render_template("access/grants.html", view=view), view.status


def _grant_page(row: Row) -> str:
    return url_for("access_pages.grant", grant_id=row["id"])


@pages.get("/orgs/<code>/grants/<uuid:grant_id>")
@permission(GRANT_READ)
def grant(grant_id: UUID) -> ResponseReturnValue:
    """One grant, with its history and the button that ends it."""
    ctx = current()
    row = load(ctx, GRANT_READ, RoleGrant, grant_id)
    return render_template(
        "access/grant.html",
        grant=shown.of_grant(ctx, row),
        history=history(ctx, "grant", str(row.id)),
        endable=may(ctx, GRANT_GRANT, row.org) and row.account_id != ctx.actor.account_id,
        words=labels,
    )


@pages.get("/orgs/<code>/grants/new")
@permission(GRANT_GRANT)
def grant_new() -> ResponseReturnValue:
    """The form of a grant."""
    return render_template("access/grant_form.html", form=_grant_form(current()))


@pages.post("/orgs/<code>/grants/new")
@permission(GRANT_GRANT)
def grant_create() -> ResponseReturnValue:
    """Grant a role."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = grants.grant_by_names(ctx, data)
        return done(lazy("The role has been granted."), "access_pages.grant", grant_id=made.id)

    return submit(_grant_form(ctx), use, "access/grant_form.html")


@pages.post("/orgs/<code>/grants/<uuid:grant_id>/end")
@permission(GRANT_GRANT)
def grant_end(grant_id: UUID) -> ResponseReturnValue:
    """Take a role back."""
    ctx = current()
    grants.end_grant(ctx, load(ctx, GRANT_GRANT, RoleGrant, grant_id))
    return done(lazy("The role has been taken back."), "access_pages.grants")


@pages.get("/orgs/<code>/grants/accounts")
@permission(GRANT_GRANT)
def grant_accounts() -> ResponseReturnValue:
    """Accounts that could be given a role, for the form's search."""
    return _accounts(current(), GRANT_GRANT)


@pages.get("/orgs/<code>/why/accounts")
@permission(permissions.EXPLAIN.name)
def why_accounts() -> ResponseReturnValue:
    """Accounts that one may ask about, for the form's search."""
    return _accounts(current(), permissions.EXPLAIN.name)


def _accounts(ctx: Context, wanted: str) -> str:
    text, within = request.args.get("q", "").strip()[:64], visible(ctx, wanted, ACCOUNT.c.org_path)
    return render_template("_options.html", options=neighbours.accounts_like(ctx, text, within, MOST_ACCOUNTS))


def _grant_form(ctx: Context) -> BoundForm:
    choices = {"role": [(role.key, role.label, _family(role)) for role in matrix.delegable_roles(ctx, ctx.here)]}
    asked = {"organisation": g.place.code, "reach": "subtree", "account": request.args.get("account", "")}
    urls = _search_urls("access_pages.grant_accounts")
    return BoundForm(schemas.GrantCreate(), data=asked, choices=choices, urls=urls)


def _family(role: matrix.RoleView) -> Text:
    if not role.own:
        return lazy("Built-in roles")
    return lazy("Own roles of %(name)s", name=role.defined_at)


@pages.get("/orgs/<code>/why")
@permission(permissions.EXPLAIN.name)
def why() -> ResponseReturnValue:
    """Why an account may or may not do something here."""
    ctx = current()
    form, answer = _why_form(ctx), None
    if request.args:
        data = form.load(request.args)
        try:
            answer = explain.explain(ctx, data) if data is not None else None
        except Invalid as error:
            form.refuse(error)
    return render_template("access/why.html", form=form, answer=answer, words=labels), 422 if form.failed else 200


def _why_form(ctx: Context) -> BoundForm:
    offered = matrix.groups(ctx, ctx.here)
    choices = [(item.name, item.label, group.label) for group in offered for item in group.permissions]
    urls, here = _search_urls("access_pages.why_accounts"), {"organisation": g.place.code}
    return BoundForm(schemas.WhyQuery(), data=here, choices={"permission": choices}, urls=urls)


def _search_urls(accounts: str) -> dict[str, str]:
    return {"account": url_for(accounts), "organisation": url_for("tenancy_pages.options")}
