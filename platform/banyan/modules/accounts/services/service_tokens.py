"""Service tokens: an organisation's own, made by an administrator, there still when that person has left (API-01).

A service token has what its limits name and nothing else; the test of delegation is asked when it is made, as for a
role: one hands on only what one holds oneself, there, with that reach. It hands on nothing itself, so that no token
can outlive its own end by giving rights away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission
from banyan.modules.access import policy
from banyan.modules.access.decision import load, require
from banyan.modules.access.permissions import GRANT_GRANT, ROLE_UPDATE
from banyan.modules.accounts.models import Account, ApiToken
from banyan.modules.accounts.permissions import ACCOUNT_CREATE, TOKEN_CREATE, TOKEN_READ, TOKEN_REVOKE
from banyan.modules.accounts.services import token_limits, tokens
from banyan.modules.accounts.services.tokens import MadeToken

MOST = 50
LONGEST = timedelta(days=366)
# Whoever may do these gives rights to others: not for what has no person behind it.
HANDING_ON = frozenset(item.name for item in (GRANT_GRANT, ROLE_UPDATE, ACCOUNT_CREATE, TOKEN_CREATE))


def offered(ctx: Context) -> list[tuple[str, Text, Text]]:
    """Permissions that the actor may give to a service token, as options of a form."""
    return token_limits.offered(ctx, givable())


def givable() -> list[Permission]:
    """Permissions that a service token can have at all."""
    return [item for item in policy.store().permissions.values() if item.name not in HANDING_ON]


def make(ctx: Context, data: Mapping[str, Any]) -> MadeToken:
    """Make a service token of the organisation of the request.

    :param data: of `ServiceTokenMake`. :raises Invalid: day, permissions, organisations.
    :raises Refused: what one does not hold oneself cannot be handed on; too many tokens.
    """
    ctx = replace(ctx, decision=require(ctx, TOKEN_CREATE.name, ctx.here))
    if ctx.actor.limited:
        raise Refused(lazy("A limited token makes no other tokens."))
    tokens.check_day(ctx, data["last_day"], LONGEST)
    _check_permissions(data["permissions"])
    places = token_limits.places(ctx, data["organisations"]) or [ctx.here]
    outside = [place for place in places if not place.path.startswith(ctx.here.path)]
    if outside:
        raise Invalid({"organisations": [lazy("A service token stays within its own organisation and those below.")]})
    missing = token_limits.missing(ctx, data["permissions"], places, data["reach"] == "subtree")
    if missing:
        raise Refused(*(_lacking(label) for label in missing))
    _refuse_too_many(ctx)
    made = tokens.new(ctx, data["name"], ctx.here, data["last_day"], list(data["permissions"]), places, data["reach"])
    return tokens.written(ctx, made)


def find(ctx: Context, token_id: UUID) -> ApiToken:
    """A token of the organisation of the request or of one below, whoever's."""
    return load(ctx, TOKEN_READ.name, ApiToken, token_id)


def revoke(ctx: Context, token_id: UUID) -> ApiToken:
    """Revoke a token of the organisation or of one below, from its next use on.

    :raises Refused: it is over already.
    """
    token = load(ctx, TOKEN_REVOKE.name, ApiToken, token_id)
    ctx = replace(ctx, decision=require(ctx, TOKEN_REVOKE.name, token.org))
    ctx.session.refresh(token, with_for_update=True)
    if token.revoked_at is not None:
        raise Refused(lazy("This token has been revoked already."))
    return tokens.end(ctx, token)


def people(ctx: Context, token: ApiToken) -> dict[str, Account | None]:
    """Who holds, made and revoked a token, by those words; None for nobody."""
    ids = {"holder": token.account_id, "made_by": token.made_by, "revoked_by": token.revoked_by}
    found = {
        row.id: row
        for row in ctx.session.scalars(select(Account).where(Account.id.in_([one for one in ids.values() if one])))
    }
    return {word: found.get(identity) if identity else None for word, identity in ids.items()}


def _check_permissions(asked: list[str]) -> None:
    known = {item.name for item in givable()}
    wrong = [name for name in asked if name not in known]
    if wrong:
        reasons = [lazy("A service token cannot have the permission “%(name)s”.", name=name[:80]) for name in wrong]
        raise Invalid({"permissions": reasons})


def _lacking(label: Text) -> Text:
    found: Text = lazy("You do not hold “%(permission)s” there with that reach.", permission=label)
    return found


def _refuse_too_many(ctx: Context) -> None:
    live = select(func.count(ApiToken.id)).where(
        ApiToken.org_id == ctx.here.id,
        ApiToken.account_id.is_(None),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > ctx.clock.now(),
    )
    if (ctx.session.scalar(live) or 0) >= MOST:
        raise Refused(lazy("The organisation has %(most)s service tokens already. Revoke one first.", most=MOST))
