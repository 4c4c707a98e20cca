"""Console pages of tokens: one's own, and those of an organisation and its subtree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import treepath
from banyan.kernel.access_marks import permission, signed_in
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import permissions, rules, token_lists
from banyan.modules.accounts.models import ApiToken
from banyan.modules.accounts.services import confirmation, service_tokens, token_limits, tokens
from banyan.modules.accounts.token_schemas import REACHES, ServiceTokenMake, TokenMake
from banyan.modules.audit.history import history
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_READ
from banyan.modules.tenancy.services import search
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

OWN, MADE, NEW = "accounts/tokens.html", "accounts/token_made.html", "accounts/token_new.html"
READ, CREATE = permissions.TOKEN_READ.name, permissions.TOKEN_CREATE.name
REVOKE = permissions.TOKEN_REVOKE.name
MOST_OPTIONS = 20


def add_token_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/me/tokens", "tokens", list_own, methods=["GET"])
    pages.add_url_rule("/me/tokens", "token_make", make_own, methods=["POST"])
    pages.add_url_rule("/me/tokens/organisations", "token_organisations", own_organisations, methods=["GET"])
    pages.add_url_rule("/me/tokens/<uuid:token_id>/revoke", "token_revoke", revoke_own, methods=["POST"])
    below = "/orgs/<code>/tokens"
    pages.add_url_rule(below, "org_tokens", list_all, methods=["GET"])
    pages.add_url_rule(f"{below}/new", "service_token_new", new, methods=["GET"])
    pages.add_url_rule(f"{below}/new", "service_token_make", make, methods=["POST"])
    pages.add_url_rule(f"{below}/organisations", "service_token_organisations", organisations, methods=["GET"])
    pages.add_url_rule(f"{below}/<uuid:token_id>", "org_token", one, methods=["GET"])
    pages.add_url_rule(f"{below}/<uuid:token_id>/revoke", "org_token_revoke", revoke, methods=["POST"])


@signed_in
def list_own() -> ResponseReturnValue:
    """One's own tokens, and the form of a new one."""
    return render_template(OWN, form=_own_form(current()), **_own(current()))


@signed_in
def make_own() -> ResponseReturnValue:
    """Make a token, and show it this once."""
    ctx = current()
    confirmation.require_recent(ctx)
    held = _own(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        return render_template(MADE, made=tokens.make(ctx, data), back=url_for("accounts_pages.tokens"))

    return submit(_own_form(ctx), use, OWN, **held)


@signed_in
def revoke_own(token_id: UUID) -> ResponseReturnValue:
    """Revoke one of one's own tokens."""
    tokens.revoke(current(), token_id)
    return done(lazy("The token has been revoked."), "accounts_pages.tokens")


@signed_in
def own_organisations() -> ResponseReturnValue:
    """Organisations within one's reach, for the form's search."""
    return _options(current(), "", "~")


def _own(ctx: Context) -> dict[str, Any]:
    found = tokens.usable(ctx)
    return {
        "tokens": found,
        "places": {token.id: token_limits.names_of(ctx, token) for token in found},
        "soon": ctx.clock.now() + rules.ENDS_SOON,
        "reaches": dict(REACHES),
    }


def _own_form(ctx: Context) -> BoundForm:
    urls = {"organisations": url_for("accounts_pages.token_organisations")}
    return BoundForm(TokenMake(), choices={"permissions": token_limits.offered(ctx), "organisations": ()}, urls=urls)


@permission(READ)
def list_all() -> ResponseReturnValue:
    """Tokens of this organisation, of its accounts, and of all below."""
    ctx = current()
    view = present(
        ctx.session,
        token_lists.TOKENS,
        request.args,
        visible(ctx, READ, ApiToken.org_path, within=ctx.here),
        url=url_for("accounts_pages.org_tokens"),
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.ACCOUNT_EXPORT.name) else None,
        columns=may_see(token_lists.TOKENS, lambda name: may(ctx, name)),
        links={"name": lambda row: url_for("accounts_pages.org_token", token_id=row["id"])},
        empty=lazy("No tokens yet."),
    )
    return render_template("accounts/org_tokens.html", view=view), view.status


@permission(READ)
def one(token_id: UUID) -> ResponseReturnValue:
    """A token: what it may do where, who made it, when it was used, its history."""
    ctx = current()
    token = service_tokens.find(ctx, token_id)
    return render_template(
        "accounts/org_token.html",
        token=token,
        state=rules.token_state(token.revoked_at, token.expires_at, ctx.clock.now()),
        words=token_lists,
        home=ctx.session.get_one(Org, token.org_id),
        people=service_tokens.people(ctx, token),
        permissions=token_limits.labels(token),
        places=token_limits.names_of(ctx, token),
        reaches=dict(REACHES),
        revocable=may(ctx, REVOKE, token.org),
        history=history(ctx, "token", str(token.id)),
    )


@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a new service token."""
    return render_template(NEW, form=_service_form(current()))


@permission(CREATE)
def make() -> ResponseReturnValue:
    """Make a service token, and show it this once."""
    ctx = current()
    confirmation.require_recent(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = service_tokens.make(ctx, data)
        return render_template(MADE, made=made, back=url_for("accounts_pages.org_token", token_id=made.token.id))

    return submit(_service_form(ctx), use, NEW)


@permission(REVOKE)
def revoke(token_id: UUID) -> ResponseReturnValue:
    """Revoke a token of this organisation or of one below."""
    service_tokens.revoke(current(), token_id)
    return done(lazy("The token has been revoked."), "accounts_pages.org_token", token_id=token_id)


@permission(CREATE)
def organisations() -> ResponseReturnValue:
    """Organisations here and below, for the form's search."""
    path = current().here.path
    return _options(current(), path, treepath.upper(path))


def _service_form(ctx: Context) -> BoundForm:
    urls = {"organisations": url_for("accounts_pages.service_token_organisations")}
    choices = {"permissions": service_tokens.offered(ctx), "organisations": ()}
    return BoundForm(ServiceTokenMake(), choices=choices, urls=urls)


def _options(ctx: Context, lo: str, hi: str) -> str:
    text = request.args.get("q", "").strip()[:64]
    found = search.search(ctx.session, text, lo, hi, lambda path: visible(ctx, ORG_READ.name, path), MOST_OPTIONS)
    options = [
        (hit.place.code, " / ".join((*(above.shown_name for above in hit.above), hit.place.name))) for hit in found.hits
    ]
    return render_template("_options.html", options=options, q=text)
