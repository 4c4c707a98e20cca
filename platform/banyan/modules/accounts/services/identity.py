"""Who is it? A session cookie or a bearer token, looked up before any scope exists."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select, update

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


ACCOUNT_ID = Account.id
_ACCOUNT = (Account.id, Account.sign_in_name, Account.display_name, Account.org_id, Account.org_path, Account.language)
# Who holds a credential: parameters of `of_session` and `of_token`, rows for `from_session` and `from_token`.
SESSIONS = (
    select(AccountSession.id, AccountSession.seen_at, AccountSession.expires_at, *_ACCOUNT)
    .join(Account, Account.id == AccountSession.account_id)
    .where(
        AccountSession.token_hash == bindparam("hashed"),
        AccountSession.ended_at.is_(None),
        AccountSession.expires_at > bindparam("now"),
        AccountSession.seen_at > bindparam("least_seen"),
        Account.status == "active",
    )
)
TOKENS = (
    select(ApiToken.id, ApiToken.used_at, ApiToken.expires_at, *_ACCOUNT)
    .join(Account, Account.id == ApiToken.account_id)
    .where(
        ApiToken.token_hash == bindparam("hashed"),
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
        Account.status == "active",
    )
)
WIDTH = len(SESSIONS.selected_columns)
_BY_SESSION = Prepared(SESSIONS)


def new_secret() -> str:
    """A random value for a cookie or token."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of a random secret. Plain SHA-256: it has 256 bits already."""
    return hashlib.sha256(secret.encode()).digest()


def of_session(cookie: str, now: datetime, idle: timedelta) -> dict[str, Any]:
    """Parameters of `SESSIONS`, which finds none that is unknown, ended, too old or too long unused."""
    return {"hashed": hashed(cookie), "now": now, "least_seen": now - idle}


def of_token(token: str, now: datetime) -> dict[str, Any]:
    """Parameters of `TOKENS`, which finds none that is unknown, revoked or expired."""
    return {"hashed": hashed(token), "now": now}


def by_session(connection: Connection, cookie: str, now: datetime, idle: timedelta) -> Identity | None:
    """The account of a session cookie; None when it is unknown, ended, too old or too long unused."""
    found = _BY_SESSION.rows(connection, of_session(cookie, now, idle))
    return from_session(connection, found[0], now) if found else None


def from_session(connection: Connection, row: Sequence[Any], now: datetime) -> Identity:
    """The account in a row of `SESSIONS`; notes that the session is in use."""
    if now - row[1] > TOUCH_AFTER:
        connection.execute(update(AccountSession).where(AccountSession.id == row[0]).values(seen_at=now))
    return _identity(row)


def from_token(connection: Connection, row: Sequence[Any], now: datetime) -> Identity:
    """The account in a row of `TOKENS`; notes that the token is in use."""
    if row[1] is None or now - row[1] > TOUCH_AFTER:
        connection.execute(update(ApiToken).where(ApiToken.id == row[0]).values(used_at=now))
    return _identity(row)


def _identity(row: Sequence[Any]) -> Identity:
    return Identity(row[3], row[0], row[4], row[5], OrgRef(row[6], row[7]), row[8])
