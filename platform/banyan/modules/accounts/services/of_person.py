"""The accounts of a person: told about, and closed when the person is erased (PPL-07).

An account is a directory row that much refers to: it stays, without a name, a phone, a way to sign in, or the person.
What hangs on it in modules below (grants, long tasks, imports, files) is told and ended here as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, or_, select, text, update

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.db.base import Base
from banyan.kernel.jobs import LongTask
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account, AccountSession, ApiToken, RegistrationCode
from banyan.modules.accounts.security_models import (
    FormerPassword,
    KnownAddress,
    KnownDevice,
    RecoveryCode,
    ResetCode,
    SecondFactor,
    SignIn,
)
from banyan.modules.accounts.services.accounts import METRIC

GONE = "erased"
NAMELESS = "—"
# What is told of each table, and what is not: hashes and sealed secrets tell nobody anything.
TOLD: Mapping[type[Base], tuple[str, ...]] = {
    AccountSession: ("created_at", "seen_at", "ended_at", "address", "user_agent"),
    ApiToken: ("name", "hint", "created_at", "expires_at", "used_at", "used_from", "revoked_at"),
    SecondFactor: ("created_at", "confirmed_at"),
    RecoveryCode: ("used_at",),
    FormerPassword: ("replaced_at",),
    KnownDevice: ("first_seen_at", "seen_at", "address", "user_agent", "trusted_until"),
    KnownAddress: ("network", "seen_at"),
    ResetCode: ("created_at", "used_at"),
    SignIn: ("at", "outcome", "address", "user_agent"),
    RoleGrant: ("role", "reach", "not_before", "not_after", "granted_at", "ended_at"),
}
# Deleted with the account; tokens, grants and sign-in codes end, as others refer to them.
DELETED: tuple[type[Base], ...] = (
    AccountSession,
    SecondFactor,
    RecoveryCode,
    FormerPassword,
    KnownDevice,
    KnownAddress,
    ResetCode,
    SignIn,
)


def accounts_of(ctx: Context, person_id: UUID) -> Sequence[Account]:
    """The accounts of a person. They are a directory: what the session sees does not matter."""
    return ctx.session.scalars(select(Account).where(Account.person_id == person_id).order_by(Account.id)).all()


def held(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Everything that is kept about the accounts of a person, by table; JSON values."""
    return {account.sign_in_name: _held(ctx, account) for account in accounts_of(ctx, person_id)}


def _held(ctx: Context, account: Account) -> dict[str, Any]:
    own = ("sign_in_name", "display_name", "phone", "language", "status", "created_at", "last_sign_in_at")
    found: dict[str, Any] = {"account": _row(account, own)}
    for model, keys in TOLD.items():
        rows = ctx.session.scalars(select(model).where(_column(model) == account.id))
        told = [_row(row, keys) for row in rows]
        if told:
            found[str(model.__tablename__)] = told
    tasks = ctx.session.scalars(select(LongTask).where(LongTask.created_by == account.id))
    found["long_task"] = [_row(task, ("kind", "title", "state", "created_at", "finished_at")) for task in tasks]
    return found


def _row(row: Any, keys: Sequence[str]) -> dict[str, Any]:
    return {key: _plain(getattr(row, key)) for key in keys}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _column(model: type[Base]) -> Any:
    table: Table = model.__table__  # type: ignore[assignment]  # a mapped class has a table
    return table.c.account_id


def close(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Close the accounts of a person for ever and take the person out of them.

    :return: rows by table.
    """
    accounts = accounts_of(ctx, person_id)
    if not accounts:
        return {}
    ids, now = [account.id for account in accounts], ctx.clock.now()
    rows = {str(model.__tablename__): _deleted(ctx, model, ids) for model in DELETED}
    rows["role_grant"] = _ended(ctx, RoleGrant, ids, {"ended_at": now, "ended_by": ctx.actor.account_id})
    rows["api_token"] = _renamed_tokens(ctx, ids)
    codes = or_(RegistrationCode.account_id.in_(ids), RegistrationCode.used_by.in_(ids))
    rows["registration_code"] = _changed(ctx, update(RegistrationCode).where(codes).values(note=""))
    _changed(
        ctx,
        update(RegistrationCode)
        .where(RegistrationCode.account_id.in_(ids), RegistrationCode.used_at.is_(None))
        .values(withdrawn_at=func.coalesce(RegistrationCode.withdrawn_at, now)),
    )
    for account in accounts:
        if account.status == "active":
            count(ctx.session, account.org, METRIC, -1)
        account.sign_in_name = f"{GONE}-{account.id.hex[-12:]}"
        account.display_name, account.phone, account.language = NAMELESS, "", None
        account.password_hash, account.status, account.person_id = None, "suspended", None
        account.operator, account.last_sign_in_at = False, None
    ctx.session.flush()
    rows["names in histories"] = forget_names(ctx, ids)
    rows["account"] = len(accounts)
    return rows


def forget_names(ctx: Context, ids: Sequence[UUID]) -> int:
    """Take the names of closed accounts out of histories that the application may only add to.

    A function of the database does that, for accounts that are closed for ever alone.
    """
    return int(ctx.session.execute(text("SELECT forget_names(:ids)"), {"ids": list(ids)}).scalar_one())


def merge(ctx: Context, kept: UUID, gone: UUID) -> None:
    """The accounts of a person who turned out to be another one are that one's."""
    ctx.session.execute(
        update(Account).where(Account.person_id == gone).values(person_id=kept, version=Account.version + 1)
    )


def _deleted(ctx: Context, model: type[Base], ids: Sequence[UUID]) -> int:
    return len(ctx.session.execute(delete(model).where(_column(model).in_(ids)).returning(_column(model))).all())


def _ended(ctx: Context, model: type[RoleGrant], ids: Sequence[UUID], values: Mapping[str, Any]) -> int:
    return _changed(ctx, update(model).where(model.account_id.in_(ids), model.ended_at.is_(None)).values(**values))


def _renamed_tokens(ctx: Context, ids: Sequence[UUID]) -> int:
    gone = update(ApiToken).where(ApiToken.account_id.in_(ids))
    now = func.coalesce(ApiToken.revoked_at, ctx.clock.now())
    return _changed(ctx, gone.values(name="", used_from=None, revoked_at=now))


def _changed(ctx: Context, statement: Any) -> int:
    done = ctx.session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(done, "rowcount", 0))
