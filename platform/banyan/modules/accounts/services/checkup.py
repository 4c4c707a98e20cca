"""The security check-up of a subtree (ACC-05): what is wrong with which accounts, and doing something about it.

Every kind of finding is a predicate over accounts whose subqueries do not depend on the row: PostgreSQL evaluates each
once into a hash, so that all counts of a hundred thousand accounts are one pass over them. The list of one kind pages
by the tree: ``ix_account_org_path`` in order, filtered by the hashes. Measured with 100,000 accounts, 300,000 known
networks and 80,000 grants below one organisation: all counts 0.4 s, a page of the list with them 0.3 s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import DomainError, Invalid
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.modules.access.decision import visible
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts import strength
from banyan.modules.accounts.events import AccountReminded
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.permissions import ACCOUNT_READ
from banyan.modules.accounts.security_models import KnownAddress, SecondFactor
from banyan.modules.accounts.services import accounts, sessions
from banyan.modules.accounts.services.duties import ORDINARY
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import record
from banyan.modules.tenancy.models import Org

Kind = Literal["stale", "weak", "old", "no_factor", "shared", "orphan"]
Act = Literal["suspend", "sign_out", "new_password", "remind"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STALE, OLD, SHARED_WITHIN = timedelta(days=90), timedelta(days=180), timedelta(days=30)
MANY_ADDRESSES = 8
MOST = 200


def predicate(kind: str, now: datetime | None = None) -> ColumnElement[bool]:
    """The accounts that a kind of finding is about; raises `Invalid` for a kind that is none."""
    found = _PREDICATES.get(kind)
    if found is None:
        raise Invalid({"kind": [lazy("Choose one of the listed values.")]})
    return and_(Account.status == "active", found(now or runtime().clock.now()))


def counts(ctx: Context) -> dict[str, int]:
    """How many accounts of the organisation of the request and below each kind is about, and all of them (``all``).

    One statement, whatever their number.
    """
    now = ctx.clock.now()
    columns = [func.count().filter(predicate(kind, now)) for kind in KINDS]
    row = ctx.session.execute(
        select(func.count(), *columns).where(
            visible(ctx, ACCOUNT_READ.name, Account.org_path, within=ctx.here), Account.status == "active"
        )
    ).one()
    return dict(zip(("all", *KINDS), row, strict=True))


def frozen(ctx: Context, most: int) -> list[Account]:
    """Accounts that their holders had frozen and that wait for an administrator, longest first."""
    return list(
        ctx.session.scalars(
            select(Account)
            .where(Account.status == "frozen", visible(ctx, ACCOUNT_READ.name, Account.org_path, within=ctx.here))
            .order_by(Account.frozen_at, Account.id)
            .limit(most)
        )
    )


def act(ctx: Context, what: str, account_ids: Iterable[UUID]) -> tuple[int, int]:
    """Do one thing with several accounts, at most `MOST`.

    :return: with how many it was done, and how many stayed as they are: out of reach, one's own, done already.
    :raises Invalid: nothing of that name can be done.
    """
    doing = _ACTS.get(what)
    if doing is None:
        raise Invalid({"action": [lazy("Choose one of the listed values.")]})
    asked = list(dict.fromkeys(account_ids))[:MOST]
    done = 0
    for account_id in asked:
        try:
            doing(ctx, account_id)
        except DomainError:
            continue
        done += 1
    return done, len(asked) - done


def require_new_password(ctx: Context, account_id: UUID) -> Account:
    """Let an account in only to set a new password, from its next sign-in on; its sessions end."""
    account = accounts.changeable_one(ctx, account_id)
    account.password_due = True
    ctx.session.flush()
    after = {"sessions_ended": sessions.end_all(ctx, account.id)}
    record(ctx, "accounts.password.require", subject(account), org=account.org, after=after)
    return account


def sign_out(ctx: Context, account_id: UUID) -> Account:
    """End all sessions of an account."""
    account = accounts.changeable_one(ctx, account_id)
    ended = sessions.end_all(ctx, account.id)
    record(ctx, "accounts.session.force_end", subject(account), org=account.org, after={"ended": ended})
    return account


def remind(ctx: Context, account_id: UUID) -> Account:
    """Ask the holder of an account, from its next sign-in on, to make it safer."""
    account = accounts.changeable_one(ctx, account_id)
    account.reminded_at = ctx.clock.now()
    ctx.session.flush()
    record(ctx, "accounts.account.remind", subject(account), org=account.org)
    publish(ctx, account.org, AccountReminded(str(account.id)))
    return account


_ACTS: Mapping[str, Callable[[Context, UUID], Account]] = {
    "suspend": accounts.suspend,
    "sign_out": sign_out,
    "new_password": require_new_password,
    "remind": remind,
}


def _holders(now: datetime, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Accounts with a grant now or later."""
    held = select(RoleGrant.account_id).where(
        RoleGrant.ended_at.is_(None), or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now), *which
    )
    return Account.id.in_(held)


def _administrators(now: datetime) -> ColumnElement[bool]:
    return _holders(now, RoleGrant.role != ORDINARY)


def _stale(now: datetime) -> ColumnElement[bool]:
    return and_(func.coalesce(Account.last_sign_in_at, Account.created_at) < now - STALE, _administrators(now))


def _weak(_now: datetime) -> ColumnElement[bool]:
    return and_(Account.password_hash.is_not(None), Account.password_policy < strength.POLICY)


def _old(now: datetime) -> ColumnElement[bool]:
    return Account.password_changed_at < now - OLD


def _no_factor(now: datetime) -> ColumnElement[bool]:
    having = select(SecondFactor.account_id).where(SecondFactor.confirmed_at.is_not(None))
    return and_(Account.id.not_in(having), _administrators(now))


def _shared(now: datetime) -> ColumnElement[bool]:
    many = (
        select(KnownAddress.account_id)
        .where(KnownAddress.seen_at > now - SHARED_WITHIN)
        .group_by(KnownAddress.account_id)
        .having(func.count() >= MANY_ADDRESSES)
    )
    return Account.id.in_(many)


def _orphan(now: datetime) -> ColumnElement[bool]:
    """Without any role, of an organisation that was revoked, or never set up."""
    revoked = select(Org.id).where(Org.status != "active")
    return or_(~_holders(now), Account.org_id.in_(revoked), Account.password_hash.is_(None))


_PREDICATES: Mapping[str, Callable[[datetime], ColumnElement[bool]]] = {
    "stale": _stale,
    "weak": _weak,
    "old": _old,
    "no_factor": _no_factor,
    "shared": _shared,
    "orphan": _orphan,
}
