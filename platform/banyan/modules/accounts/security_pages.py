"""Console pages of administrators about signing in: who is online, the log, the check-up, one-time codes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import permissions
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_lists import FINDINGS, KINDS, ONLINE, SIGN_INS
from banyan.modules.accounts.security_schemas import ResetIssue
from banyan.modules.accounts.services import accounts, checkup, online, resets
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, present

UPDATE, SIGN_IN_READ = permissions.ACCOUNT_UPDATE.name, permissions.SIGN_IN_READ.name
RESET = "accounts/reset_issue.html"
ACTIONS = (
    ("remind", lazy("Remind"), "bell", "btn-outline-secondary"),
    ("new_password", lazy("Ask for a new password"), "password", "btn-outline-secondary"),
    ("sign_out", lazy("Sign out everywhere"), "logout", "btn-outline-danger"),
    ("suspend", lazy("Suspend"), "ban", "btn-outline-danger"),
)


def add_security_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/online", "online", list_online, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/online/end", "online_end", end_online, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/sign-ins", "sign_in_log", list_sign_ins, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/check-up", "checkup", show_checkup, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/check-up/frozen", "frozen_card", frozen_card, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/check-up/<string:action>", "checkup_act", act, methods=["POST"])
    one = "/orgs/<code>/administrators/<uuid:account_id>"
    pages.add_url_rule(f"{one}/reset-code", "reset_code", ask_reset_code, methods=["GET"])
    pages.add_url_rule(f"{one}/reset-code", "reset_code_issue", issue_reset_code, methods=["POST"])
    pages.add_url_rule(f"{one}/sign-out", "account_sign_out", sign_account_out, methods=["POST"])
    pages.add_url_rule(f"{one}/new-password", "account_new_password", ask_new_password, methods=["POST"])


@permission(permissions.SESSION_READ.name)
def list_online() -> ResponseReturnValue:
    """Who is signed in here and below."""
    ctx = current()
    bulk = [Action(lazy("Force to sign out"), url_for("accounts_pages.online_end"), "logout", "btn-outline-danger")]
    view = present(
        ctx.session,
        ONLINE,
        request.args,
        online.shown(ctx),
        url=url_for("accounts_pages.online"),
        links={"display_name": _account},
        bulk=bulk if may(ctx, permissions.SESSION_END.name) else (),
        empty=lazy("Nobody is signed in here or below."),
    )
    return render_template("accounts/online.html", view=view), view.status


@permission(permissions.SESSION_END.name)
def end_online() -> ResponseReturnValue:
    """Sign people out of the selected browsers."""
    ended, left = online.end_several(current(), _ids())
    said = lazy("Sessions that ended: %(n)s; left as they are: %(left)s.", n=ended, left=left)
    return done(said, "accounts_pages.online")


@permission(SIGN_IN_READ)
def list_sign_ins() -> ResponseReturnValue:
    """The log of sign-ins of accounts here and below."""
    ctx = current()
    view = present(
        ctx.session,
        SIGN_INS,
        request.args,
        visible(ctx, SIGN_IN_READ, Account.org_path, within=ctx.here),
        url=url_for("accounts_pages.sign_in_log"),
        links={"display_name": _account},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.SIGN_IN_EXPORT.name) else None,
        empty=lazy("No sign-ins yet."),
    )
    return render_template("accounts/sign_ins.html", view=view), view.status


@permission(UPDATE)
def show_checkup() -> ResponseReturnValue:
    """What is wrong with which accounts here and below."""
    ctx = current()
    view = present(
        ctx.session,
        FINDINGS,
        request.args,
        visible(ctx, permissions.ACCOUNT_READ.name, Account.org_path, within=ctx.here),
        Account.status == "active",
        url=url_for("accounts_pages.checkup"),
        links={"display_name": lambda row: url_for("accounts_pages.account", account_id=row["id"])},
        bulk=[
            Action(label, url_for("accounts_pages.checkup_act", action=key), icon, kind)
            for key, label, icon, kind in ACTIONS
        ],
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.ACCOUNT_EXPORT.name) else None,
        empty=lazy("No accounts yet. A registration code opens the first one."),
    )
    page = render_template(
        "accounts/checkup.html",
        view=view,
        counts=checkup.counts(ctx),
        kinds=KINDS,
        chosen=request.args.get("kind", ""),
        frozen=checkup.frozen(ctx, 20),
    )
    return page, view.status


@permission(UPDATE)
def frozen_card() -> ResponseReturnValue:
    """Accounts whose theft was reported, for the dashboard; without script the check-up, which lists them too."""
    if request.headers.get("HX-Request") != "true":
        return show_checkup()
    return render_template("accounts/_frozen.html", frozen=checkup.frozen(current(), 5))


@permission(UPDATE)
def act(action: str) -> ResponseReturnValue:
    """Do one thing with the selected accounts."""
    number, left = checkup.act(current(), action, _ids())
    return done(lazy("Done with %(n)s; left as they are: %(left)s.", n=number, left=left), "accounts_pages.checkup")


@permission(UPDATE)
def ask_reset_code(account_id: UUID) -> ResponseReturnValue:
    """The form of a one-time code for somebody who cannot sign in any more."""
    found = accounts.changeable_one(current(), account_id)
    return render_template(RESET, form=BoundForm(ResetIssue()), account=found)


@permission(UPDATE)
def issue_reset_code(account_id: UUID) -> ResponseReturnValue:
    """Issue a one-time code, and show it this once."""
    ctx = current()
    found = accounts.changeable_one(ctx, account_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        drawn = resets.issue(ctx, account_id, second_factor_too=data["second_factor"])
        address = runtime().settings.public_url + url_for("accounts_pages.reset_password")
        return render_template("accounts/reset_issued.html", drawn=drawn, account=found, address=address)

    return submit(BoundForm(ResetIssue()), use, RESET, account=found)


@permission(UPDATE)
def sign_account_out(account_id: UUID) -> ResponseReturnValue:
    """End all sessions of an account."""
    found = checkup.sign_out(current(), account_id)
    said = lazy("%(name)s is signed out everywhere.", name=found.display_name)
    return done(said, "accounts_pages.account", account_id=account_id)


@permission(UPDATE)
def ask_new_password(account_id: UUID) -> ResponseReturnValue:
    """Ask for a new password at the next sign-in."""
    found = checkup.require_new_password(current(), account_id)
    said = lazy("%(name)s has to set a new password at the next sign-in.", name=found.display_name)
    return done(said, "accounts_pages.account", account_id=account_id)


def _account(row: Row) -> str:
    return url_for("accounts_pages.account", account_id=row["account_id"])


def _ids() -> list[UUID]:
    """The selected rows; raises `Refused` when there are none."""
    try:
        found = [UUID(value) for value in request.form.getlist("ids")]
    except ValueError:
        found = []
    if not found:
        raise Refused(lazy("Select at least one row."))
    return found
