"""Who is it? A session cookie or a bearer token, looked up before any scope exists."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Text, bindparam, case, func, literal, null, or_, select, update

from banyan.kernel.db.prepared import Prepared
from banyan.kernel.values import OrgRef
from banyan.modules.access.narrowing import Limits
from banyan.modules.access.narrowing import read as read_limits
from banyan.modules.accounts.models import Account, AccountSession, ApiToken, TokenPlace

SESSION_COOKIE = "banyan_session"
TOUCH_AFTER = timedelta(minutes=1)
TOKEN_PREFIX = "banyan_"  # noqa: S105 - the public beginning of every token


@dataclass(frozen=True, slots=True)
class Identity:
    """Who proved who they are: an account, or a service token, which is no account.

    :ivar account_id: of a service token its own id. :ivar home: of a service token the organisation it belongs to.
    :ivar limits: what a token is limited to; None: nothing.
    :ivar user_agent: of the browser that a session began in. :ivar obligation: what the session has to do first.
    :ivar notice: what its holder is told above every page.
    """

    account_id: UUID
    credential_id: UUID
    sign_in_name: str
    display_name: str
    home: OrgRef
    language: str | None
    service: bool = False
    limits: Limits | None = None
    expires_at: datetime | None = None
    operator: bool = False
    user_agent: str = ""
    obligation: str = ""
    notice: dict[str, Any] | None = None


ACCOUNT_ID = Account.id
_ACCOUNT = (
    *(Account.id, Account.sign_in_name, Account.display_name, Account.org_id, Account.org_path, Account.language),
    Account.operator,
)
# Who holds a credential: parameters of `of_session` and `of_token`, rows for `from_session` and `from_token`.
SESSIONS = (
    select(
        *(AccountSession.id, AccountSession.seen_at, AccountSession.expires_at, *_ACCOUNT),
        *(AccountSession.user_agent, AccountSession.obligation, AccountSession.notice),
    )
    .join(Account, Account.id == AccountSession.account_id)
    .where(
        AccountSession.token_hash == bindparam("hashed"),
        AccountSession.ended_at.is_(None),
        AccountSession.expires_at > bindparam("now"),
        AccountSession.seen_at > bindparam("least_seen"),
        Account.status == "active",
    )
)
# The organisations of a token, as `narrowing.read` takes them; where a token has none, nothing is looked up.
_PLACE = func.concat(
    TokenPlace.org_id, literal(" ", Text), TokenPlace.org_path, case((TokenPlace.reach == "subtree", ""), else_="!")
)
_PLACES = select(func.coalesce(func.string_agg(_PLACE, literal(",", Text)), "")).where(
    TokenPlace.token_id == ApiToken.id
)
LIMITS = (
    func.array_to_string(ApiToken.permissions, literal(",", Text)),
    case((ApiToken.everywhere, null()), else_=_PLACES.scalar_subquery()),
)
USABLE = (
    ApiToken.revoked_at.is_(None),
    or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
    or_(Account.status == "active", ApiToken.account_id.is_(None)),
)
TOKENS = (
    select(
        *(ApiToken.id, ApiToken.used_at, ApiToken.expires_at, *_ACCOUNT),
        *(ApiToken.name, ApiToken.org_id, ApiToken.org_path, *LIMITS),
    )
    .select_from(ApiToken)
    .outerjoin(Account, Account.id == ApiToken.account_id)
    .where(ApiToken.token_hash == bindparam("hashed"), *USABLE)
)
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


def from_session(connection: Connection, row: Sequence[Any], now: datetime, address: str = "") -> Identity:
    """The account in a row of `SESSIONS`; notes that the session is in use (``address`` as `from_token` takes it)."""
    if now - row[1] > TOUCH_AFTER:
        connection.execute(update(AccountSession).where(AccountSession.id == row[0]).values(seen_at=now))
    return replace(_identity(row), user_agent=row[10], obligation=row[11], notice=row[12])


def from_token(connection: Connection, row: Sequence[Any], now: datetime, address: str) -> Identity:
    """The account in a row of `TOKENS`, or the service token itself; notes that the token is in use, and from where."""
    if row[1] is None or now - row[1] > TOUCH_AFTER:
        used = update(ApiToken).where(ApiToken.id == row[0]).values(used_at=now, used_from=address)
        connection.execute(used)
    permissions, places = row[13], row[14]
    limits = None if permissions is None and places is None else read_limits(permissions, places)
    if row[3] is not None:
        return replace(_identity(row), limits=limits, expires_at=row[2])
    return Identity(row[0], row[0], row[10], row[10], OrgRef(row[11], row[12]), None, True, limits, row[2])


def _identity(row: Sequence[Any]) -> Identity:
    return Identity(row[3], row[0], row[4], row[5], OrgRef(row[6], row[7]), row[8], operator=row[9])
