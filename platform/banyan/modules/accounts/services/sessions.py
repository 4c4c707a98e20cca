"""Sessions: browsers that are signed in. The cookie holds a secret of which only the hash is kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.models import Account, AccountSession
from banyan.modules.accounts.services import identity
from banyan.modules.accounts.services.duties import Duties
from banyan.modules.accounts.services.subjects import me, subject
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import Subject, record


def begin(ctx: Context, account: Account, visitor: Visitor, duties: Duties) -> str:
    """Begin a session of ``account`` in the place of the one the browser had.

    :param duties: what the session has to do first.

    :return: the value of the cookie, known to nobody else.
    """
    now = ctx.clock.now()
    if visitor.cookie:
        _end(ctx, AccountSession.token_hash == identity.hashed(visitor.cookie))
    secret = identity.new_secret()
    ctx.session.add(
        AccountSession(
            token_hash=identity.hashed(secret),
            account_id=account.id,
            created_at=now,
            seen_at=now,
            expires_at=now + runtime().settings.session_lifetime,
            address=visitor.address,
            user_agent=visitor.user_agent[:300],
            verified_at=now,
            obligation=duties.obligation,
            notice=duties.notice,
        )
    )
    record(ctx, "accounts.session.create", subject(account), org=account.org, after={"user_agent": visitor.user_agent})
    return secret


def live(ctx: Context) -> list[AccountSession]:
    """The actor's own sessions that would still be let in, newest use first."""
    now = ctx.clock.now()
    return list(
        ctx.session.scalars(
            select(AccountSession)
            .where(
                AccountSession.account_id == ctx.actor.account_id,
                AccountSession.ended_at.is_(None),
                AccountSession.expires_at > now,
                AccountSession.seen_at > now - runtime().settings.session_idle,
            )
            .order_by(AccountSession.seen_at.desc(), AccountSession.id)
        )
    )


def sign_out(ctx: Context) -> None:
    """End the session this request came with."""
    account = me(ctx)
    _end(ctx, AccountSession.id == ctx.actor.credential_id, AccountSession.account_id == account.id)
    record(ctx, "accounts.session.end", subject(account), org=account.org)


def end(ctx: Context, session_id: UUID) -> None:
    """End one of the actor's own sessions; raises `NotFound` for anybody else's."""
    account = me(ctx)
    ended = _end(ctx, AccountSession.id == session_id, AccountSession.account_id == account.id)
    if not ended:
        raise NotFound(lazy("This session has ended already."))
    record(ctx, "accounts.session.end", Subject("session", str(session_id), account.sign_in_name), org=account.org)


def end_others(ctx: Context) -> int:
    """End all of the actor's sessions but the one of this request; says how many."""
    account = me(ctx)
    ended = end_all(ctx, account.id, but=ctx.actor.credential_id if ctx.actor.via == "session" else None)
    record(ctx, "accounts.session.end_others", subject(account), org=account.org, after={"ended": ended})
    return ended


def end_all(ctx: Context, account_id: UUID, *, but: UUID | None = None) -> int:
    """End the sessions of an account, from their next request on, for a change that is recorded by the caller."""
    others = () if but is None else (AccountSession.id != but,)
    return _end(ctx, AccountSession.account_id == account_id, *others)


def end_copied(ctx: Context, session_id: UUID, subject: Subject, home: OrgRef, user_agent: str) -> None:
    """End a session whose cookie came back from another kind of browser, and keep what was seen."""
    _end(ctx, AccountSession.id == session_id)
    after = {"user_agent": user_agent}
    record(ctx, "accounts.session.suspect", subject, org=home, outcome="refused", after=after)


def _end(ctx: Context, *which: object) -> int:
    now: datetime = ctx.clock.now()
    done = ctx.session.execute(
        update(AccountSession)
        .where(AccountSession.ended_at.is_(None), *which)  # type: ignore[arg-type]
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount
