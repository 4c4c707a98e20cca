"""Console pages of revoking an organisation: the decision, what stands in the way, doing it, undoing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, leave
from banyan.modules.access.decision import may, visible
from banyan.modules.tenancy import life_lists, permissions
from banyan.modules.tenancy.life_api import TWO_LINES
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.life_pages import FORM, kept
from banyan.modules.tenancy.life_rules import GRACE_DAYS, punctuality
from banyan.modules.tenancy.life_schemas import DecisionForm
from banyan.modules.tenancy.models import OrgType
from banyan.modules.tenancy.services import organisations
from banyan.modules.tenancy.services.life import revoking
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Row, may_see, present

PAGE = "tenancy/revocation.html"
READ, REVOKE = permissions.ORG_READ.name, permissions.ORG_REVOKE.name
TITLES: dict[str, Text] = {
    "revoked": lazy("Revoke the organisation"),
    "deregistered": lazy("Deregister the organisation"),
}


def add_revocation_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/life/revocation"
    pages.add_url_rule(base, "revocation", show, methods=["GET"])
    pages.add_url_rule(base, "revocation_decide", decide, methods=["POST"])
    pages.add_url_rule(f"{base}/confirm", "revocation_confirm", confirm, methods=["POST"])
    pages.add_url_rule(f"{base}/withdraw", "revocation_withdraw", withdraw, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/life/restoration", "restoration", restoration, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/life/restoration", "restore", restore, methods=["POST"])
    pages.add_url_rule("/orgs/<code>/revocations", "revocations", listing, methods=["GET"])


@permission(REVOKE)
def show() -> ResponseReturnValue:
    """The decision, if there is one, and everything that stands in the way."""
    return _page(current())


def _page(ctx: Context, refused: tuple[Text, ...] = ()) -> str:
    html: str = render_template(PAGE, form=BoundForm(DecisionForm()), **{**_about(ctx), "refused": refused})
    return html


def _about(ctx: Context) -> dict[str, Any]:
    org = organisations.here(ctx)
    preview, decision = revoking.preview(ctx, org), revoking.open_decision(ctx, org)
    act = decision.act if decision is not None else ctx.session.get_one(OrgType, org.type).ending
    standing = punctuality(decision.due_on, None, False, today(ctx.clock)) if decision is not None else ""
    return {
        "org": org,
        "preview": preview,
        "decision": decision,
        "title": TITLES[act],
        "standing": (life_lists.STANDING[standing], life_lists.TONES[standing]) if standing else None,
        "grace": GRACE_DAYS,
        "refused": (),
    }


@permission(REVOKE, whole=TWO_LINES)
def decide() -> ResponseReturnValue:
    """Record the decision."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        data["document"] = kept(ctx, data)
        revoking.decide(ctx, organisations.here(ctx), data)
        return done(lazy("The decision has been recorded."), "tenancy_pages.revocation")

    return submit(BoundForm(DecisionForm()), use, PAGE, **_about(ctx))


@permission(REVOKE, whole=TWO_LINES)
def confirm() -> ResponseReturnValue:
    """Revoke as was shown."""
    ctx = current()
    try:
        org = revoking.carry_out(ctx, organisations.here(ctx), request.form.get("plan", ""))
    except (Refused, Conflict) as error:
        leave(commit=False)
        if organisations.here(ctx).status != "active":
            raise
        reasons = () if isinstance(error, Refused) else error.reasons
        return make_response(_page(ctx, reasons), 409)
    said = lazy("%(name)s has been deregistered.", name=org.name)
    if org.status == "revoked":
        said = lazy("%(name)s has been revoked.", name=org.name)
    return done(said, "tenancy_pages.profile")


@permission(REVOKE, whole=TWO_LINES)
def withdraw() -> ResponseReturnValue:
    """Withdraw the decision."""
    ctx = current()
    revoking.withdraw(ctx, organisations.here(ctx))
    return done(lazy("The decision has been withdrawn."), "tenancy_pages.profile")


@permission(REVOKE)
def restoration() -> ResponseReturnValue:
    """The form of a restoration."""
    return render_template(FORM, form=BoundForm(DecisionForm()), **_restoring(current()))


@permission(REVOKE, whole=TWO_LINES, ended=True)
def restore() -> ResponseReturnValue:
    """Undo a revocation within its grace."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        data["document"] = kept(ctx, data)
        org = revoking.restore(ctx, organisations.here(ctx), data)
        return done(lazy("%(name)s has been restored.", name=org.name), "tenancy_pages.profile")

    return submit(BoundForm(DecisionForm()), use, FORM, **_restoring(ctx))


def _restoring(ctx: Context) -> dict[str, Any]:
    org = organisations.here(ctx)
    face = {
        "title": lazy("Restore the organisation"),
        "intro": lazy(
            "A revocation can be undone within %(days)s days. The grants that ended with it hold again.",
            days=GRACE_DAYS,
        ),
        "submit": lazy("Restore the organisation"),
    }
    return {"org": org, "face": face, "address": url_for("tenancy_pages.restore")}


@permission(READ)
def listing() -> ResponseReturnValue:
    """Decisions to revoke, of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        life_lists.REVOCATIONS,
        request.args,
        visible(ctx, READ, OrgRevocation.org_path, within=ctx.here),
        url=url_for("tenancy_pages.revocations"),
        columns=may_see(life_lists.REVOCATIONS, lambda name: may(ctx, name)),
        links={"name": _profile},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.ORG_EXPORT.name) else None,
    )
    return render_template("tenancy/revocations.html", view=view), view.status


def _profile(row: Row) -> str:
    return url_for("tenancy_pages.profile", code=row["code"])
