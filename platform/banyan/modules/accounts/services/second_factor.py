"""The second factor: codes of an authenticator app, and recovery codes for when the phone is gone.

The shared secret is sealed with one of the installation's keys and bound to its account. A code is taken once: the
window it belongs to is written in the statement that takes it, so that of two tries with one code at the same moment
one wins.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import segno
from sqlalchemy import delete, func, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import seal, unseal
from banyan.modules.accounts import totp
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import SECOND_FACTOR, RecoveryCode, SecondFactor
from banyan.modules.accounts.services import confirmation, devices, duties
from banyan.modules.accounts.services.subjects import me, subject
from banyan.modules.audit.services import record

ISSUER = "Banyan"


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the authenticator app is given: a secret to type, or the picture of it."""

    secret: str
    uri: str
    picture: str


@dataclass(frozen=True, slots=True)
class State:
    """How the second factor of the actor stands. :ivar codes_left: recovery codes not used yet."""

    on: bool
    since: datetime | None
    pending: bool
    codes_left: int


def state(ctx: Context) -> State:
    """How one's own second factor stands."""
    factor = ctx.session.get(SecondFactor, ctx.actor.account_id)
    left = ctx.session.scalar(
        select(func.count()).where(RecoveryCode.account_id == ctx.actor.account_id, RecoveryCode.used_at.is_(None))
    )
    since = factor.confirmed_at if factor else None
    return State(since is not None, since, factor is not None and since is None, left or 0)


def begin(ctx: Context) -> SetUp:
    """Draw a secret for one's own account; it counts for nothing until `confirm`.

    :raises FirstThis: it is too long ago that the actor proved who it is. :raises Refused: there is a factor already.
    """
    account = me(ctx)
    confirmation.require_recent(ctx)
    if state(ctx).on:
        raise Refused(lazy("There is a second factor already. Remove it first to set up another one."))
    secret = totp.new_secret()
    ctx.session.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    sealed = seal(SECOND_FACTOR, secret, account.id)
    ctx.session.add(SecondFactor(account_id=account.id, sealed=sealed, created_at=ctx.clock.now()))
    return _shown(account, secret)


def pending(ctx: Context) -> SetUp | None:
    """The secret that waits for its first code; None when none does."""
    confirmation.require_recent(ctx)
    factor = ctx.session.get(SecondFactor, ctx.actor.account_id)
    if factor is None or factor.confirmed_at is not None:
        return None
    return _shown(me(ctx), _opened(factor))


def confirm(ctx: Context, code: str) -> list[str]:
    """Switch the second factor on with its first code.

    :return: the recovery codes, which nobody will see again. :raises Invalid: the code is wrong.
    """
    account = me(ctx)
    confirmation.require_recent(ctx)
    factor = ctx.session.get(SecondFactor, account.id, with_for_update=True)
    if factor is None or factor.confirmed_at is not None:
        raise Refused(lazy("Nothing is being set up. Begin again."))
    confirmation.count_try(ctx)
    found = totp.matching_step(_opened(factor), code, ctx.clock.now(), factor.last_step)
    if found is None:
        raise Invalid({"code": [lazy("This code is not right. Is the clock of the phone right?")]})
    confirmation.forget_tries(ctx)
    factor.confirmed_at, factor.last_step = ctx.clock.now(), found
    codes = _new_codes(ctx, account)
    record(ctx, "accounts.second_factor.create", subject(account), org=account.org)
    duties.renew(ctx, account)
    return codes


def draw_codes(ctx: Context) -> list[str]:
    """New recovery codes in the place of the old ones."""
    account = me(ctx)
    confirmation.require_recent(ctx)
    if not state(ctx).on:
        raise Refused(lazy("There is no second factor."))
    codes = _new_codes(ctx, account)
    record(ctx, "accounts.recovery_codes.create", subject(account), org=account.org)
    return codes


def remove(ctx: Context) -> None:
    """Switch one's own second factor off; where an organisation asks for one, it must be set up again."""
    account = me(ctx)
    confirmation.require_recent(ctx)
    if not state(ctx).on:
        raise Refused(lazy("There is no second factor."))
    clear(ctx, account)
    record(ctx, "accounts.second_factor.delete", subject(account), org=account.org)
    duties.renew(ctx, account)


def clear(ctx: Context, account: Account) -> bool:
    """Take the second factor of ``account`` away, for a change that is recorded by the caller; was there one?"""
    found = ctx.session.execute(
        delete(SecondFactor).where(SecondFactor.account_id == account.id).returning(SecondFactor.confirmed_at)
    ).first()
    ctx.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    devices.forget_trust(ctx, account.id)
    return found is not None and found[0] is not None


def enabled(ctx: Context, account: Account) -> bool:
    """Whether ``account`` has a second factor."""
    statement = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account.id, SecondFactor.confirmed_at.is_not(None)
    )
    return ctx.session.scalar(statement) is not None


def take(ctx: Context, account: Account, code: str) -> bool:
    """Use up a code of the app, or a recovery code; False when it is wrong or was used before."""
    if totp.looks_like_recovery(code):
        return _take_recovery(ctx, account, code)
    factor = ctx.session.get(SecondFactor, account.id, populate_existing=True)
    if factor is None or factor.confirmed_at is None:
        return False
    found = totp.matching_step(_opened(factor), code, ctx.clock.now(), factor.last_step)
    if found is None:
        return False
    taken = ctx.session.execute(
        update(SecondFactor)
        .where(SecondFactor.account_id == account.id, SecondFactor.last_step < found)
        .values(last_step=found)
        .returning(SecondFactor.account_id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def _take_recovery(ctx: Context, account: Account, code: str) -> bool:
    taken = ctx.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == _hashed(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=ctx.clock.now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is not None:
        record(ctx, "accounts.recovery_codes.use", subject(account), org=account.org)
    return taken is not None


def _new_codes(ctx: Context, account: Account) -> list[str]:
    ctx.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = totp.new_recovery_codes()
    ctx.session.add_all(RecoveryCode(account_id=account.id, code_hash=_hashed(code)) for code in codes)
    return codes


def _shown(account: Account, secret: str) -> SetUp:
    uri = totp.uri(secret, account.sign_in_name, ISSUER)
    picture = segno.make(uri, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return SetUp(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), uri, picture)


def _opened(factor: SecondFactor) -> str:
    return unseal(SECOND_FACTOR, factor.sealed, factor.account_id)


def _hashed(code: str) -> bytes:
    key = runtime().settings.secret_key.encode()
    return hmac.new(key, b"recovery-code:" + totp.code_form(code).encode(), hashlib.sha256).digest()


def looks_valid(ctx: Context, account: Account, code: str) -> bool:
    """Whether ``code`` is one of the account's recovery codes that has not been used; uses nothing up."""
    if not totp.looks_like_recovery(code):
        return False
    unused = (RecoveryCode.account_id == account.id, RecoveryCode.code_hash == _hashed(code))
    return ctx.session.scalar(select(RecoveryCode.id).where(*unused, RecoveryCode.used_at.is_(None))) is not None
