"""Proving again who one is before something dangerous: a stolen session alone must not be enough for it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import FirstThis, TooManyTries
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import AccountSession
from banyan.modules.accounts.services import throttle
from banyan.modules.accounts.services.apart import apart

FRESH = timedelta(minutes=10)
ENDPOINT = "accounts_pages.confirm"


def require_recent(ctx: Context) -> None:
    """Raise `FirstThis` unless this session proved within ten minutes who it belongs to.

    A token proves nothing of the kind: what is dangerous is done in the console.
    """
    proved = None
    if ctx.actor.via == "session":
        proved = ctx.session.scalar(
            select(func.coalesce(AccountSession.verified_at, AccountSession.created_at)).where(
                AccountSession.id == ctx.actor.credential_id
            )
        )
    if proved is None or proved <= ctx.clock.now() - FRESH:
        raise FirstThis(ENDPOINT, lazy("Please confirm first that it is you."))


def count_try(ctx: Context) -> None:
    """Count a try of this session, as if it had failed; raises `TooManyTries`.

    Each session has a counter of its own: a stolen one cannot keep its owner from changing the password elsewhere.
    """
    with apart(ctx) as own:
        tries = throttle.reserve(own, throttle.BY_SESSION, str(ctx.actor.credential_id))
    if tries is None:
        raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))


def forget_tries(ctx: Context) -> None:
    """The try succeeded."""
    with apart(ctx) as own:
        throttle.clear(own, throttle.BY_SESSION, str(ctx.actor.credential_id))
