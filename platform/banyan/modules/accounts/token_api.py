"""The REST API of tokens: looking at them and revoking them. Tokens are made in the console only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission, signed_in
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import permissions, token_lists
from banyan.modules.accounts.models import ApiToken
from banyan.modules.accounts.services import service_tokens, token_limits, tokens
from banyan.modules.accounts.token_schemas import OwnTokens, TokenDetail
from banyan.modules.tenancy.models import Org

api = Blueprint("tokens_api", __name__, url_prefix="/api/v1/orgs/<code>", description="API tokens")
own = Blueprint("own_tokens_api", __name__, url_prefix="/api/v1/me/tokens", description="One's own API tokens")
READ, REVOKE = permissions.TOKEN_READ.name, permissions.TOKEN_REVOKE.name
_PLAIN = ("id", "name", "hint", "permissions", "created_at", "expires_at", "used_at", "used_from", "revoked_at")


def shown(ctx: Context, token: ApiToken) -> dict[str, Any]:
    """A token as `TokenDetail` shows it."""
    maker = service_tokens.people(ctx, token)["made_by"]
    return {
        **{key: getattr(token, key) for key in _PLAIN},
        "kind": "service" if token.account_id is None else "personal",
        "organisation": ctx.session.get_one(Org, token.org_id).code,
        "organisations": None if token.everywhere else [code for code, _n in token_limits.names_of(ctx, token)],
        "reach": token.places[0].reach if token.places else None,
        "made_by": maker.sign_in_name if maker else None,
    }


@api.route("/tokens")
class Tokens(MethodView):
    """Tokens of the organisation, of its accounts, and of all below."""

    @api.doc(parameters=api_lists.parameters(token_lists.TOKENS))
    @api.response(200, api_lists.page_schema(token_lists.TOKENS))
    @permission(READ)
    def get(self) -> Response:
        """List the tokens of the organisation, of its accounts, and of all below"""
        ctx = current()
        seen = visible(ctx, READ, ApiToken.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, token_lists.TOKENS, seen, may=lambda name: may(ctx, name))


@api.route("/tokens/<uuid:token_id>")
class Token(MethodView):
    """One token."""

    @api.response(200, TokenDetail)
    @permission(READ)
    def get(self, token_id: UUID) -> dict[str, Any]:
        """Show a token, without its secret"""
        ctx = current()
        return shown(ctx, service_tokens.find(ctx, token_id))

    @api.response(200, TokenDetail)
    @permission(REVOKE)
    def delete(self, token_id: UUID) -> dict[str, Any]:
        """Revoke a token, from its next use on"""
        ctx = current()
        return shown(ctx, service_tokens.revoke(ctx, token_id))


@own.route("")
class MyTokens(MethodView):
    """One's own tokens that still work."""

    @own.response(200, OwnTokens)
    @signed_in
    def get(self) -> dict[str, Any]:
        """List one's own tokens that still work"""
        ctx = current()
        return {"items": [shown(ctx, token) for token in tokens.usable(ctx)]}


@own.route("/<uuid:token_id>")
class MyToken(MethodView):
    """One of one's own tokens."""

    @own.response(200, TokenDetail)
    @signed_in
    def delete(self, token_id: UUID) -> dict[str, Any]:
        """Revoke one of one's own tokens, from its next use on"""
        ctx = current()
        return shown(ctx, tokens.revoke(ctx, token_id))
