"""Console pages of invitations to apply."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.administrators import lists, permissions
from banyan.modules.administrators.models import AdministratorKey
from banyan.modules.administrators.schemas import Invite
from banyan.modules.administrators.services import keys, standing
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, may_see, present

READ, CREATE = permissions.READ.name, permissions.CREATE.name
NEW = "administrators/invite.html"


def add_invitation_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/administrator-applications/invitations"
    pages.add_url_rule(base, "invitations", listing, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "new_invitation", new, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "invite", invite, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:key_id>/withdraw", "ask_withdraw_invitation", ask, methods=["GET"])
    pages.add_url_rule(f"{base}/<uuid:key_id>/withdraw", "withdraw_invitation", withdraw, methods=["POST"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """Invitations for this organisation and those below."""
    ctx = current()
    may_withdraw = may(ctx, CREATE)

    def actions(row: Row) -> list[Action]:
        if not may_withdraw or row["state"] != "open":
            return []
        address = url_for("administrators_pages.ask_withdraw_invitation", key_id=row["id"])
        return [Action(lazy("Withdraw"), address, "ban", "danger")]

    view = present(
        ctx.session,
        lists.INVITATIONS,
        request.args,
        visible(ctx, READ, AdministratorKey.org_path, within=ctx.here),
        AdministratorKey.kind == "invitation",
        url=url_for("administrators_pages.invitations"),
        columns=may_see(lists.INVITATIONS, lambda name: may(ctx, name)),
        actions=actions,
        empty=lazy("No invitations yet. Go to the organisation that is to apply and invite it there."),
    )
    return render_template(
        "administrators/invitations.html", view=view, upper=standing.upper_of(ctx, ctx.here)
    ), view.status


@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a new invitation."""
    ctx = current()
    return render_template(NEW, form=BoundForm(Invite()), reasons=standing.against(ctx, ctx.here))


@permission(CREATE)
def invite() -> ResponseReturnValue:
    """Issue an invitation, and show its code this once."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = keys.invite(ctx, **data)
        address = runtime().settings.public_url + url_for("administrators_pages.door")
        return render_template("administrators/invited.html", made=made, address=address)

    return submit(BoundForm(Invite()), use, NEW, reasons=[])


@permission(CREATE)
def ask(key_id: UUID) -> ResponseReturnValue:
    """Ask before an invitation is withdrawn."""
    return render_template("administrators/withdraw_invitation.html", row=keys.find(current(), key_id))


@permission(CREATE)
def withdraw(key_id: UUID) -> ResponseReturnValue:
    """Withdraw an invitation."""
    keys.withdraw(current(), key_id)
    return done(
        lazy("The invitation has been withdrawn; it opens nothing any more."), "administrators_pages.invitations"
    )
