"""Whom a job acts for."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from banyan.kernel.db.prepared import Prepared
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.runtime import runtime
from banyan.kernel.values import Actor, OrgRef
from banyan.modules.access import narrowing, policy
from banyan.modules.access.models import PolicyStamp
from banyan.modules.accounts.models import Account, ApiToken
from banyan.modules.accounts.services import identity

_TOKEN = Prepared(
    select(ApiToken.account_id, ApiToken.name, ApiToken.org_id, ApiToken.org_path, *identity.LIMITS)
    .select_from(ApiToken)
    .outerjoin(Account, Account.id == ApiToken.account_id)
    .where(ApiToken.id == bindparam("token"), *identity.USABLE)
)


def actor_of(session: ScopedSession, account_id: UUID | None, token_id: UUID | None = None) -> Actor:
    """Who started a job, with the rights of now; an account or token that is gone, suspended or revoked has none.

    :param account_id: None for jobs nobody started, which act for nobody and may do nothing.
    :param token_id: the token that the job was started with: it may do no more than that.
    """
    if account_id is None:
        return Actor(None, "", "job")
    if token_id is not None:
        return _with_token(session, account_id, token_id)
    return _account(session, account_id)


def _account(session: ScopedSession, account_id: UUID) -> Actor:
    row = session.execute(
        select(Account.sign_in_name, Account.org_id, Account.org_path, Account.status).where(Account.id == account_id)
    ).first()
    if row is None or row.status != "active":
        return Actor(account_id, row.sign_in_name if row else "", "job")
    grants, snapshot = policy.authority(session, policy.store(), account_id, runtime().clock.now())
    return Actor(account_id, row.sign_in_name, "job", OrgRef(row.org_id, row.org_path), grants, snapshot)


def _with_token(session: ScopedSession, account_id: UUID, token_id: UUID) -> Actor:
    rows = _TOKEN.rows(session, {"token": token_id, "now": runtime().clock.now()})
    if not rows:
        return Actor(account_id, "", "job", limited=True)
    holder, name, org_id, org_path, *limited = rows[0]
    limits = narrowing.read(*limited)
    if holder is None:
        version = session.scalar(select(PolicyStamp.version)) or 0
        grants, snapshot = narrowing.own(token_id, version, limits)
        return Actor(token_id, name, "job", OrgRef(org_id, org_path), grants, snapshot, "", token_id, limited=True)
    actor = _account(session, holder)
    grants, snapshot = narrowing.narrowed(actor.grants, actor.policy, limits)
    return Actor(holder, actor.name, "job", actor.home, grants, snapshot, "", token_id, limited=True)
