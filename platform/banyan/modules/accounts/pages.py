"""Console pages of administrators: accounts of the subtree and registration codes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import lists, permissions
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.own_pages import add_own_pages
from banyan.modules.accounts.own_security_pages import add_own_security_pages
from banyan.modules.accounts.public_pages import add_public_pages
from banyan.modules.accounts.public_security_pages import add_public_security_pages
from banyan.modules.accounts.schemas import AccountEdit, CodeIssue
from banyan.modules.accounts.security_pages import add_security_pages
from banyan.modules.accounts.services import accounts, codes, profile, second_factor
from banyan.modules.accounts.token_pages import add_token_pages
from banyan.modules.audit.history import history
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, TableView, may_see, present

pages = Blueprint("accounts_pages", __name__, template_folder="templates")
add_public_pages(pages)
add_own_pages(pages)
add_token_pages(pages)
add_own_security_pages(pages)
add_public_security_pages(pages)
add_security_pages(pages)
READ, CREATE = permissions.ACCOUNT_READ.name, permissions.ACCOUNT_CREATE.name
UPDATE = permissions.ACCOUNT_UPDATE.name


@pages.get("/orgs/<code>/administrators")
@permission(READ)
def administrators() -> ResponseReturnValue:
    """Accounts of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.ACCOUNTS,
        request.args,
        visible(ctx, READ, Account.org_path, within=ctx.here),
        url=url_for("accounts_pages.administrators"),
        columns=may_see(lists.ACCOUNTS, lambda name: may(ctx, name)),
        links={"display_name": lambda row: url_for("accounts_pages.account", account_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.ACCOUNT_EXPORT.name) else None,
        empty=lazy("No accounts yet. A registration code opens the first one."),
    )
    return render_template("accounts/administrators.html", view=view), view.status


@pages.get("/orgs/<code>/administrators/<uuid:account_id>")
@permission(READ)
def account(account_id: UUID) -> ResponseReturnValue:
    """An account, the roles it holds and its history."""
    ctx = current()
    found = accounts.find(ctx, account_id)
    return render_template(
        "accounts/account.html",
        account=found,
        home=ctx.session.get_one(Org, found.org_id),
        roles=profile.roles_of(ctx, found.id),
        second_factor=second_factor.enabled(ctx, found),
        changeable=may(ctx, UPDATE, found.org) and accounts.changeable(ctx, found),
        own=found.id == ctx.actor.account_id,
        history=history(ctx, "account", str(found.id)),
    )


@pages.get("/orgs/<code>/administrators/<uuid:account_id>/edit")
@permission(UPDATE)
def edit(account_id: UUID) -> ResponseReturnValue:
    """The form of an account."""
    found = accounts.find(current(), account_id)
    return render_template("accounts/edit.html", form=BoundForm(AccountEdit(), obj=found), account=found)


@pages.post("/orgs/<code>/administrators/<uuid:account_id>/edit")
@permission(UPDATE)
def update(account_id: UUID) -> ResponseReturnValue:
    """Edit an account."""
    ctx = current()
    found = accounts.find(ctx, account_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        accounts.edit(ctx, account_id, data)
        return done(lazy("Saved."), "accounts_pages.account", account_id=account_id)

    return submit(BoundForm(AccountEdit(), obj=found), use, "accounts/edit.html", account=found)


@pages.post("/orgs/<code>/administrators/<uuid:account_id>/suspend")
@permission(UPDATE)
def suspend(account_id: UUID) -> ResponseReturnValue:
    """Suspend an account."""
    found = accounts.suspend(current(), account_id)
    message = lazy("%(name)s is suspended; all its sessions have ended.", name=found.display_name)
    return done(message, "accounts_pages.account", account_id=account_id)


@pages.post("/orgs/<code>/administrators/<uuid:account_id>/restore")
@permission(UPDATE)
def restore(account_id: UUID) -> ResponseReturnValue:
    """Restore a suspended account."""
    found = accounts.restore(current(), account_id)
    return done(
        lazy("%(name)s may sign in again.", name=found.display_name), "accounts_pages.account", account_id=account_id
    )


@pages.get("/orgs/<code>/administrators/codes", endpoint="codes")
@permission(READ)
def list_codes() -> ResponseReturnValue:
    """Registration codes of this organisation and those below."""
    view = _codes(current())
    return render_template("accounts/codes.html", view=view), view.status


@pages.get("/orgs/<code>/administrators/codes/new")
@permission(CREATE)
def new_code() -> ResponseReturnValue:
    """The form of a new registration code."""
    ctx = current()
    reasons = codes.against(ctx, ctx.session.get_one(Org, ctx.here.id))
    return render_template("accounts/new_code.html", form=_issue_form(ctx), reasons=reasons)


@pages.post("/orgs/<code>/administrators/codes/new")
@permission(CREATE)
def issue_code() -> ResponseReturnValue:
    """Issue a registration code, and show it this once."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        issued = codes.issue(ctx, **data)
        org = ctx.session.get_one(Org, ctx.here.id)
        address = runtime().settings.public_url + url_for("accounts_pages.register")
        return render_template("accounts/code_issued.html", issued=issued, address=address, org=org)

    return submit(_issue_form(ctx), use, "accounts/new_code.html")


@pages.post("/orgs/<code>/administrators/codes/<uuid:code_id>/withdraw")
@permission(CREATE)
def withdraw_code(code_id: UUID) -> ResponseReturnValue:
    """Withdraw a registration code."""
    codes.withdraw(current(), code_id)
    return done(lazy("The code has been withdrawn; it opens nothing any more."), "accounts_pages.codes")


@pages.get("/orgs/<code>/administrators/codes/<uuid:code_id>/withdraw")
@permission(CREATE)
def ask_withdraw_code(code_id: UUID) -> ResponseReturnValue:
    """Ask before a registration code is withdrawn."""
    return render_template("accounts/withdraw_code.html", row=codes.find(current(), code_id))


def _codes(ctx: Context) -> TableView:
    may_withdraw = may(ctx, CREATE)

    def actions(row: Row) -> list[Action]:
        if not may_withdraw or row["state"] != "open":
            return []
        return [
            Action(lazy("Withdraw"), url_for("accounts_pages.ask_withdraw_code", code_id=row["id"]), "ban", "danger")
        ]

    return present(
        ctx.session,
        lists.CODES,
        request.args,
        visible(ctx, READ, RegistrationCode.org_path, within=ctx.here),
        url=url_for("accounts_pages.codes"),
        columns=may_see(lists.CODES, lambda name: may(ctx, name)),
        actions=actions,
        empty=lazy("No registration codes yet."),
    )


def _issue_form(ctx: Context) -> BoundForm:
    data = {"role": codes.DEFAULT_ROLE, "reach": codes.DEFAULT_REACH}
    return BoundForm(CodeIssue(), data=data, choices={"role": codes.role_choices(ctx)})
