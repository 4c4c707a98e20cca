"""Who is it? A session cookie or a bearer token, looked up before any scope exists."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from banyan.kernel.db.prepared import Prepared
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.models import Account, AccountSession, ApiToken

SESSION_COOKIE = "banyan_session"
TOUCH_AFTER = timedelta(minutes=1)
TOKEN_PREFIX = "banyan_"  # noqa: S105 - the public beginning of every token


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that proved who it is."""

    account_id: UUID
    credential_id: UUID
    sign_in_name: str
    display_name: str
    home: OrgRef
    language: str | None


_ACCOUNT = (Account.id, Account.sign_in_name, Account.display_name, Account.org_id, Account.org_path, Account.language)
_OF_SESSION = Prepared(
    select(AccountSession.id, AccountSession.seen_at, *_ACCOUNT)
    .join(Account, Account.id == AccountSession.account_id)
    .where(
        AccountSession.token_hash == bindparam("hashed"),
        AccountSession.ended_at.is_(None),
        AccountSession.expires_at > bindparam("now"),
        AccountSession.seen_at > bindparam("least_seen"),
        Account.status == "active",
    )
)
_OF_TOKEN = Prepared(
    select(ApiToken.id, ApiToken.used_at, ApiToken.expires_at, *_ACCOUNT)
    .join(Account, Account.id == ApiToken.account_id)
    .where(ApiToken.token_hash == bindparam("hashed"), ApiToken.revoked_at.is_(None), Account.status == "active")
)


def new_secret() -> str:
    """A random value for a cookie or token."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of a random secret. Plain SHA-256: it has 256 bits already."""
    return hashlib.sha256(secret.encode()).digest()


def by_session(connection: Connection, cookie: str, now: datetime, idle: timedelta) -> Identity | None:
    """The account of a session cookie; None when it is unknown, ended, too old or too long unused."""
    found = _OF_SESSION.rows(connection, {"hashed": hashed(cookie), "now": now, "least_seen": now - idle})
    if not found:
        return None
    row = found[0]
    if now - row[1] > TOUCH_AFTER:
        connection.execute(update(AccountSession).where(AccountSession.id == row[0]).values(seen_at=now))
    return Identity(row[2], row[0], row[3], row[4], OrgRef(row[5], row[6]), row[7])


def by_token(connection: Connection, token: str, now: datetime) -> Identity | None:
    """The account of a bearer token; None when it is unknown, revoked or expired."""
    found = _OF_TOKEN.rows(connection, {"hashed": hashed(token)})
    if not found:
        return None
    row = found[0]
    if row[2] is not None and row[2] <= now:
        return None
    if row[1] is None or now - row[1] > TOUCH_AFTER:
        connection.execute(update(ApiToken).where(ApiToken.id == row[0]).values(used_at=now))
    return Identity(row[3], row[0], row[4], row[5], OrgRef(row[6], row[7]), row[8])
