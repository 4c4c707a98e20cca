"""One-time codes for people who cannot sign in any more: an administrator above hands one over, its holder redeems it.

`draw` asks nobody's leave: it is the seam for codes sent by mail or message once there are such ways.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.errors import Invalid, Refused, TooManyTries
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.values import OrgRef
from banyan.modules.accounts import rules
from banyan.modules.accounts.events import AccountRestored
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.security_models import ResetCode
from banyan.modules.accounts.services import devices, new_passwords, second_factor, sessions, throttle
from banyan.modules.accounts.services.accounts import METRIC, changeable_one
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.sign_in import acting
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import Subject, record

LIFETIME = timedelta(hours=24)
LENGTH, GROUP = 12, 4
ACTION = "accounts.reset_code.redeem"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A new code, which nobody will see again."""

    code: str
    expires_at: datetime
    account: Account


def issue(ctx: Context, account_id: UUID, *, second_factor_too: bool) -> Drawn:
    """Draw a code for an account within reach; earlier ones stop working. The old password works until then.

    :param second_factor_too: redeeming it takes the second factor away as well.
    """
    account = changeable_one(ctx, account_id)
    if account.status == "suspended":
        raise Refused(lazy("This account is suspended. Restore it first."))
    drawn = draw(ctx, account, second_factor_too=second_factor_too, issued_by=ctx.actor.account_id)
    after = {"second_factor_reset": second_factor_too, "expires_at": drawn.expires_at}
    record(ctx, "accounts.reset_code.create", subject(account), org=account.org, after=after)
    return drawn


def draw(ctx: Context, account: Account, *, second_factor_too: bool, issued_by: UUID | None) -> Drawn:
    """Draw a code for ``account``; whoever calls has decided that it may be, and records it."""
    now = ctx.clock.now()
    ctx.session.execute(
        update(ResetCode)
        .where(ResetCode.account_id == account.id, ResetCode.used_at.is_(None), ResetCode.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    code = "".join(secrets.choice(rules.CODE_ALPHABET) for _ in range(LENGTH))
    row = ResetCode(
        account_id=account.id,
        code_hash=_hashed(code),
        second_factor=second_factor_too,
        issued_by=issued_by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return Drawn("-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP)), row.expires_at, account)


def look_up(ctx: Context, name: str, code: str, visitor: Visitor) -> OrgRef:
    """The home of the account that ``code`` opens, before anything is done with it.

    :param ctx: of a request that nobody is signed in for; its session is not used.
    :raises Invalid: name and code do not fit, whatever the reason. :raises TooManyTries: the address is paused.
    """
    ctx = replace(ctx, actor=replace(ctx.actor, name="—", address=visitor.address))
    with apart(ctx) as own:
        if throttle.reserve(own, throttle.BY_RESET, visitor.address) is None:
            raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))
    with apart(ctx) as own:
        found = _usable(own, name, code)
        if found is not None:
            throttle.give_back(own, throttle.BY_RESET, visitor.address)
            return found[1].org
        record(own, ACTION, Subject("sign_in_name", "", "—"), outcome="failed")
    raise _not_valid()


def redeem(ctx: Context, data: Mapping[str, Any], visitor: Visitor) -> None:
    """Set a new password with a code; sessions end, a frozen account is active again. Signs nobody in.

    :param ctx: with a session whose scope is the home of the account. :param data: of `Reset`.
    :raises Invalid: the code is not valid (any more: of two at once one wins), or every reason against the password.
    """
    found = _usable(ctx, data["sign_in_name"], data["code"])
    if found is None or not ctx.session.scope.holds(found[1].org_path):
        raise _not_valid()
    row, account = found
    against = new_passwords.problems(ctx, account, data["password"])
    if against:
        raise Invalid({"password": against})
    _use(acting(ctx, account, visitor), row, account, data["password"])


def _not_valid() -> Invalid:
    return Invalid({"code": [lazy("Name and code do not fit, or the code was used, withdrawn or has expired.")]})


def _usable(ctx: Context, name: str, code: str) -> tuple[ResetCode, Account] | None:
    found = ctx.session.execute(
        select(ResetCode, Account)
        .join(Account, Account.id == ResetCode.account_id)
        .where(
            ResetCode.code_hash == _hashed(code),
            ResetCode.used_at.is_(None),
            ResetCode.withdrawn_at.is_(None),
            ResetCode.expires_at > ctx.clock.now(),
            Account.sign_in_name == rules.sign_in_name(name),
            Account.status != "suspended",
        )
        .with_for_update(of=ResetCode)
    ).first()
    return (found[0], found[1]) if found is not None else None


def _use(ctx: Context, row: ResetCode, account: Account, password: str) -> None:
    row.used_at = ctx.clock.now()
    if row.second_factor and second_factor.enabled(ctx, account):
        second_factor.clear(ctx, account)
    if account.status == "frozen":
        thaw(ctx, account)
    new_passwords.set_password(ctx, account, password)
    devices.forget_all(ctx, account.id)
    ended = sessions.end_all(ctx, account.id)
    after = {"sessions_ended": ended, "second_factor_reset": row.second_factor}
    record(ctx, ACTION, subject(account), org=account.org, after=after)


def thaw(ctx: Context, account: Account) -> None:
    """Let a frozen account in again: whoever calls has seen to it that its holder has a new password."""
    account.status, account.frozen_at = "active", None
    ctx.session.flush()
    count(ctx.session, account.org, METRIC)
    before, after = {"status": "frozen"}, {"status": "active"}
    record(ctx, "accounts.account.restore", subject(account), org=account.org, before=before, after=after)
    publish(ctx, account.org, AccountRestored(str(account.id)))


def _hashed(code: str) -> bytes:
    key = runtime().settings.secret_key.encode()
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code)).upper()
    return hmac.new(key, b"reset-code:" + plain.encode(), hashlib.sha256).digest()
