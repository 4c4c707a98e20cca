"""Personal tokens: how a program acts for an account. Made in the console, shown once, kept as hashes (API-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import day_after
from banyan.kernel.values import OrgRef, Reach
from banyan.modules.accounts.models import ApiToken, TokenPlace
from banyan.modules.accounts.services import identity, token_limits
from banyan.modules.accounts.services.subjects import me
from banyan.modules.audit.services import Subject, record

MOST = 20
LONGEST = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token with its secret, which nobody will see again."""

    token: ApiToken
    secret: str


def make(ctx: Context, data: Mapping[str, Any]) -> MadeToken:
    """Make a token of one's own account; it may do what the account may do, within the limits that are asked for.

    :param data: of `TokenMake`. :raises Invalid: the day; permissions and organisations that one does not hold.
    :raises Refused: too many tokens; a limited token makes none.
    """
    if ctx.actor.limited:
        raise Refused(lazy("A limited token makes no other tokens."))
    account = me(ctx)
    ends = data.get("last_day")
    check_day(ctx, ends, LONGEST)
    permissions, places = data.get("permissions") or None, token_limits.places(ctx, data.get("organisations") or ())
    token_limits.check_held(ctx, permissions or (), places)
    if len(usable(ctx)) >= MOST:
        raise Refused(lazy("You have %(most)s tokens already. Revoke one that is no longer needed.", most=MOST))
    made = new(ctx, data["name"], account.org, ends, permissions, places, data.get("reach", "subtree"))
    made.token.account_id = account.id
    return written(ctx, made)


def new(
    ctx: Context,
    name: str,
    org: OrgRef,
    last_day: date | None,
    permissions: list[str] | None,
    places: list[OrgRef],
    reach: Reach,
) -> MadeToken:
    """A token with its secret, not written yet; nothing is checked here."""
    secret = identity.TOKEN_PREFIX + identity.new_secret()
    token = ApiToken(
        token_hash=identity.hashed(secret),
        org_id=org.id,
        org_path=org.path,
        name=name,
        hint=secret[-4:],
        made_by=ctx.actor.account_id,
        permissions=sorted(set(permissions)) if permissions is not None else None,
        everywhere=not places,
        created_at=ctx.clock.now(),
        expires_at=None if last_day is None else day_after(last_day),
        places=[TokenPlace(org_id=place.id, org_path=place.path, reach=reach) for place in places],
    )
    return MadeToken(token, secret)


def written(ctx: Context, made: MadeToken) -> MadeToken:
    """``made``, kept and in the audit log."""
    ctx.session.add(made.token)
    ctx.session.flush()
    after = token_limits.told(ctx, made.token)
    record(ctx, "accounts.token.create", subject(made.token), org=made.token.org, after=after)
    return made


def usable(ctx: Context) -> list[ApiToken]:
    """The actor's own tokens that still work, newest first."""
    now = ctx.clock.now()
    return list(
        ctx.session.scalars(
            select(ApiToken)
            .where(
                ApiToken.account_id == ctx.actor.account_id,
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now),
            )
            .order_by(ApiToken.created_at.desc(), ApiToken.id)
            .options(selectinload(ApiToken.places))
        )
    )


def revoke(ctx: Context, token_id: UUID) -> ApiToken:
    """Revoke one of the actor's own tokens, from its next use on; raises `NotFound` for anybody else's."""
    account = me(ctx)
    token = ctx.session.get(ApiToken, token_id)
    if token is None or token.account_id != account.id or token.revoked_at is not None:
        raise NotFound(lazy("This token has been revoked already."))
    return end(ctx, token)


def end(ctx: Context, token: ApiToken) -> ApiToken:
    """Revoke ``token`` and say so; the caller has decided that the actor may."""
    token.revoked_at, token.revoked_by = ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    record(ctx, "accounts.token.revoke", subject(token), org=token.org)
    return token


def check_day(ctx: Context, last_day: date | None, longest: timedelta) -> None:
    """Raise `Invalid` for a last day in the past or too far away."""
    first = today(ctx.clock)
    if last_day is not None and last_day < first:
        raise Invalid({"last_day": [lazy("This date lies in the past.")]})
    if last_day is not None and last_day > first + longest:
        raise Invalid({"last_day": [lazy("At most %(days)s days from today.", days=longest.days)]})


def subject(token: ApiToken) -> Subject:
    """A token as the audit log names it."""
    return Subject("token", str(token.id), token.name)
