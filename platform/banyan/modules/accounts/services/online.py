"""Who is signed in, as administrators see it, and signing people out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import DomainError, NotFound
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.modules.access.decision import load, require, visible
from banyan.modules.accounts.models import Account, AccountSession
from banyan.modules.accounts.permissions import SESSION_END, SESSION_READ
from banyan.modules.accounts.services.accounts import require_changeable
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import record

MOST = 200


def shown(ctx: Context) -> ColumnElement[bool]:
    """The predicate of live sessions that the actor may see at the organisation of the request and below."""
    now, idle = ctx.clock.now(), runtime().settings.session_idle
    return and_(
        AccountSession.ended_at.is_(None),
        AccountSession.seen_at > now - min(idle, timedelta(days=31)),
        AccountSession.expires_at > now,
        visible(ctx, SESSION_READ.name, Account.org_path, within=ctx.here),
    )


def end(ctx: Context, session_id: UUID) -> Account:
    """Sign somebody out of one browser; raises `NotFound` for sessions out of reach or ended."""
    account_id = ctx.session.scalar(
        select(AccountSession.account_id).where(AccountSession.id == session_id, AccountSession.ended_at.is_(None))
    )
    if account_id is None:
        raise NotFound(lazy("This session has ended already."))
    account = load(ctx, SESSION_END.name, Account, account_id)
    _end(ctx, [session_id], account)
    return account


def end_several(ctx: Context, session_ids: Iterable[UUID]) -> tuple[int, int]:
    """Sign people out of the browsers given, at most `MOST`.

    :return: how many ended, and how many the actor may not end or had ended already.
    """
    asked = list(dict.fromkeys(session_ids))[:MOST]
    rows = ctx.session.execute(
        select(AccountSession.id, Account)
        .join(Account, Account.id == AccountSession.account_id)
        .where(AccountSession.id.in_(asked), shown(ctx))
    ).all()
    by_account: dict[UUID, tuple[Account, list[UUID]]] = {}
    for identity, account in rows:
        by_account.setdefault(account.id, (account, []))[1].append(identity)
    ended = 0
    for account, identities in by_account.values():
        try:
            _end(ctx, identities, account)
        except DomainError:
            continue
        ended += len(identities)
    return ended, len(asked) - ended


def _end(ctx: Context, identities: list[UUID], account: Account) -> None:
    require(ctx, SESSION_END.name, account.org)
    require_changeable(ctx, account)
    ctx.session.execute(
        update(AccountSession)
        .where(AccountSession.id.in_(identities), AccountSession.ended_at.is_(None))
        .values(ended_at=ctx.clock.now())
        .execution_options(synchronize_session=False)
    )
    after = {"ended": len(identities)}
    record(ctx, "accounts.session.force_end", subject(account), org=account.org, after=after)
