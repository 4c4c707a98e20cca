"""A new password: whether it is good enough, whether it was used before, and how it takes the old one's place."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.accounts import strength
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import FormerPassword, ResetCode
from banyan.modules.accounts.services import passwords
from banyan.modules.accounts.services.subjects import about, subject
from banyan.modules.audit.services import record

REMEMBERED = 5


def problems(ctx: Context, account: Account, new: str) -> list[Text]:
    """Every reason against ``new`` as the password of ``account``.

    Earlier ones are compared only when nothing else is wrong: each comparison costs as much as a sign-in.
    """
    found = strength.problems(new, about(ctx, account))
    if found:
        return found
    if passwords.verified(account.password_hash, new):
        return [lazy("This is the password you have already.")]
    if any(passwords.verified(former, new) for former in _former(ctx, account)):
        return [lazy("You had this password before. The last %(n)s cannot be used again.", n=REMEMBERED)]
    return []


def set_password(ctx: Context, account: Account, password: str) -> None:
    """Give ``account`` a password that has been checked; codes issued to reset the old one are withdrawn."""
    now = ctx.clock.now()
    if account.password_hash is not None:
        former = FormerPassword(account_id=account.id, password_hash=account.password_hash, replaced_at=now)
        ctx.session.add(former)
        ctx.session.flush()
        _forget_oldest(ctx, account)
    account.password_hash = passwords.hash_password(password)
    account.password_changed_at = now
    account.password_policy, account.password_due, account.reminded_at = strength.POLICY, False, None
    ctx.session.flush()
    ctx.session.execute(
        update(ResetCode)
        .where(ResetCode.account_id == account.id, ResetCode.used_at.is_(None), ResetCode.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    record(ctx, "accounts.password.update", subject(account), org=account.org)


def _former(ctx: Context, account: Account) -> list[str]:
    return list(
        ctx.session.scalars(
            select(FormerPassword.password_hash)
            .where(FormerPassword.account_id == account.id)
            .order_by(FormerPassword.id.desc())
            .limit(REMEMBERED)
        )
    )


def _forget_oldest(ctx: Context, account: Account) -> None:
    kept = (
        select(FormerPassword.id)
        .where(FormerPassword.account_id == account.id)
        .order_by(FormerPassword.id.desc())
        .limit(REMEMBERED)
    )
    ctx.session.execute(
        delete(FormerPassword)
        .where(FormerPassword.account_id == account.id, FormerPassword.id.not_in(kept))
        .execution_options(synchronize_session=False)
    )
