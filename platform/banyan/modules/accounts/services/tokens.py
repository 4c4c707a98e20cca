"""Bearer tokens: how a program acts for an account. Made in the console, shown once, kept as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import day_after
from banyan.modules.accounts.models import ApiToken
from banyan.modules.accounts.services import identity
from banyan.modules.accounts.services.subjects import me
from banyan.modules.audit.services import Subject, record

MOST = 20
LONGEST = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token with its secret, which nobody will see again."""

    token: ApiToken
    secret: str


def make(ctx: Context, name: str, last_day: date | None) -> MadeToken:
    """Make a token of one's own account; it may do what the account may do.

    :param last_day: the last day it is good for, in mainland China; None: until it is revoked.
    """
    account = me(ctx)
    _check_day(ctx, last_day)
    if len(usable(ctx)) >= MOST:
        raise Refused(lazy("You have %(most)s tokens already. Revoke one that is no longer needed.", most=MOST))
    secret = identity.TOKEN_PREFIX + identity.new_secret()
    token = ApiToken(
        token_hash=identity.hashed(secret),
        account_id=account.id,
        name=name,
        hint=secret[-4:],
        created_at=ctx.clock.now(),
        expires_at=None if last_day is None else day_after(last_day),
    )
    ctx.session.add(token)
    ctx.session.flush()
    after = {"name": name, "expires_at": token.expires_at}
    record(ctx, "accounts.token.create", _subject(token), org=account.org, after=after)
    return MadeToken(token, secret)


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
        )
    )


def revoke(ctx: Context, token_id: UUID) -> None:
    """Revoke one of the actor's own tokens, from its next use on; raises `NotFound` for anybody else's."""
    account = me(ctx)
    token = ctx.session.get(ApiToken, token_id)
    if token is None or token.account_id != account.id or token.revoked_at is not None:
        raise NotFound(lazy("This token has been revoked already."))
    token.revoked_at = ctx.clock.now()
    record(ctx, "accounts.token.revoke", _subject(token), org=account.org)


def _check_day(ctx: Context, last_day: date | None) -> None:
    first = today(ctx.clock)
    if last_day is not None and last_day < first:
        raise Invalid({"last_day": [lazy("This date lies in the past.")]})
    if last_day is not None and last_day > first + LONGEST:
        raise Invalid({"last_day": [lazy("At most five years from today.")]})


def _subject(token: ApiToken) -> Subject:
    return Subject("token", str(token.id), token.name)
