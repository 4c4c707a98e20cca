"""Whom a job acts for."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.kernel.db.session import ScopedSession
from banyan.kernel.runtime import runtime
from banyan.kernel.values import Actor, OrgRef
from banyan.modules.access import policy
from banyan.modules.accounts.models import Account


def actor_of(session: ScopedSession, account_id: UUID | None) -> Actor:
    """The account that started a job, with the grants valid now; one that is gone or suspended has none.

    :param account_id: None for jobs nobody started, which act for nobody and may do nothing.
    """
    if account_id is None:
        return Actor(None, "", "job")
    row = session.execute(
        select(Account.sign_in_name, Account.org_id, Account.org_path, Account.status).where(Account.id == account_id)
    ).first()
    if row is None or row.status != "active":
        return Actor(account_id, row.sign_in_name if row else "", "job")
    grants, snapshot = policy.authority(session, policy.store(), account_id, runtime().clock.now())
    return Actor(account_id, row.sign_in_name, "job", OrgRef(row.org_id, row.org_path), grants, snapshot)
