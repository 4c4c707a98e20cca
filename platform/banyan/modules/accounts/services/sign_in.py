"""Signing in: the same answer at the same cost for every name, and a pause after too many failures (`guard`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.values import Actor
from banyan.modules.accounts import rules, strength
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import devices, guard, passwords, second_factor, sign_ins
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.devices import Standing
from banyan.modules.accounts.services.entering import Entered, enter
from banyan.modules.accounts.services.guard import Counted
from banyan.modules.accounts.services.subjects import about, subject
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import Subject, record

FAILED = "accounts.session.create"
UNREADABLE = "—"
STEP_LIFETIME = timedelta(minutes=10)
KEPT_OUT: dict[str, Text] = {
    "suspended": lazy("This account is suspended. Please ask the administrator of your organisation."),
    "frozen": lazy(
        "This account is frozen, because a theft was reported. The administrator above your organisation checks who you"
        " are and gives you a one-time code for a new password."
    ),
}


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right; a code is wanted as well. :ivar step: proves the first step, for the second one."""

    step: str


def sign_in(ctx: Context, name: str, password: str, visitor: Visitor) -> Entered | CodeWanted:
    """Check name and password, and begin a session, or ask for the second factor.

    :param ctx: of a request that nobody is signed in for; its session is used for nothing but a success.
    :raises TooManyTries: tries from where this one comes are paused, whoever it may be.
    :raises Invalid: name or password is wrong; which of the two is not told.
    :raises Refused: both are right, and the account is suspended or frozen.
    """
    name = rules.sign_in_name(name)
    ctx = replace(ctx, actor=replace(ctx.actor, name=name, address=visitor.address))
    account, known, tries = checked(ctx, name, password, visitor)
    ctx = acting(ctx, account, visitor)
    if not _still(ctx, account, password):
        raise wrong()
    if second_factor.enabled(ctx, account) and not known.trusted:
        with apart(ctx) as own:
            guard.passed(own, tries)
        return CodeWanted(_step(account, ctx.clock.now()))
    guard.passed(ctx, tries)
    return enter(ctx, account, visitor, known)


def second_step(ctx: Context, step: str, code: str, visitor: Visitor, *, trust: bool) -> Entered:
    """Check the code after the password, and begin a session.

    :param step: of `CodeWanted`. :param trust: ask for no code in this browser for 30 days.
    :raises Invalid: the first step is too old, or the code is wrong. :raises TooManyTries: it was wrong too often.
    """
    account = _first_step(ctx, step)
    ctx = acting(ctx, account, visitor)
    with apart(ctx) as own:
        known = devices.standing(own, account.sign_in_name, visitor)
    source = f"code:{account.sign_in_name}"
    tries = guard.reserved_apart(ctx, source, visitor, known)
    if not second_factor.take(ctx, account, code):
        _failed(ctx, account.sign_in_name, account, sign_ins.CODE_WRONG, visitor, tries)
        raise Invalid({"code": [lazy("This code is not right, or it was used before.")]})
    guard.passed(ctx, tries)
    ctx.session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(last_sign_in_at=ctx.clock.now())
        .execution_options(synchronize_session=False)
    )
    return enter(ctx, account, visitor, known, trust=trust)


def checked(
    ctx: Context, name: str, password: str, visitor: Visitor, *, frozen_too: bool = False
) -> tuple[Account, Standing, tuple[Counted, ...]]:
    """The account whose password this is, how it knows the visitor, and the counters the try ran against.

    :param name: in its kept form. :param frozen_too: for those who report a theft twice.
    """
    with apart(ctx) as own:
        known = devices.standing(own, name, visitor)
        tries = guard.reserve(own, name, visitor, known)
    account = _looked_up(ctx, name)
    # No connection is held while the password is verified: it takes long on purpose.
    right = passwords.verified(account.password_hash if account else None, password)
    if account is None or not right:
        _failed(ctx, name, account, sign_ins.WRONG, visitor, tries)
        raise wrong()
    if account.status in KEPT_OUT and not (frozen_too and account.status == "frozen"):
        _failed(ctx, name, account, account.status, visitor, tries)
        raise Refused(KEPT_OUT[account.status])
    return account, known, tries


def acting(ctx: Context, account: Account, visitor: Visitor) -> Context:
    """``ctx`` with ``account`` as the one who acts, which has proved who it is."""
    return replace(ctx, actor=Actor(account.id, account.sign_in_name, "session", account.org, address=visitor.address))


def wrong() -> Invalid:
    """The one answer to every wrong name or password."""
    return Invalid({}, lazy("The sign-in name or the password is wrong."))


def _looked_up(ctx: Context, name: str) -> Account | None:
    if rules.sign_in_name_problems(name):
        return None
    with apart(ctx) as own:
        return own.session.scalar(select(Account).where(Account.sign_in_name == name))


def _failed(
    ctx: Context, name: str, account: Account | None, outcome: str, visitor: Visitor, tries: tuple[Counted, ...]
) -> None:
    """Record the failure, and the pause it began. An unknown name belongs to no organisation: operators see it."""
    label = name if not rules.sign_in_name_problems(name) else UNREADABLE
    concerning = subject(account) if account else Subject("sign_in_name", "", label)
    with apart(replace(ctx, actor=replace(ctx.actor, name=label), org=account.org if account else None)) as own:
        record(own, FAILED, concerning, outcome="failed")
        guard.failed(own, concerning, tries)
        if account is not None:
            sign_ins.log(own, account, outcome, visitor)


def _still(ctx: Context, account: Account, password: str) -> bool:
    """Note the sign-in, if the password that was verified still holds: it may have been changed meanwhile."""
    kept = account.password_hash
    anew = passwords.hash_password(password) if kept and passwords.outdated(kept) else kept
    values: dict[str, Any] = {"last_sign_in_at": ctx.clock.now(), "password_hash": anew}
    if account.password_policy < strength.POLICY and not strength.problems(password, about(ctx, account)):
        values["password_policy"] = strength.POLICY
    done = ctx.session.execute(
        update(Account)
        .where(Account.id == account.id, Account.password_hash == kept, Account.status == "active")
        .values(**values)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return done.scalar_one_or_none() is not None


def _step(account: Account, now: datetime) -> str:
    return _signer().dumps([account.id.hex, _fingerprint(account), int(now.timestamp())])


def _first_step(ctx: Context, step: str) -> Account:
    """The account whose password was right; raises `Invalid` when that is too long ago, or it was changed since."""
    try:
        identity, fingerprint, since = _signer().loads(step)
    except (BadData, ValueError, TypeError) as error:
        raise _too_late() from error
    with apart(ctx) as own:
        account = own.session.get(Account, UUID(identity))
    fresh = int(ctx.clock.now().timestamp()) - since <= STEP_LIFETIME.total_seconds()
    if account is None or not fresh or account.status != "active" or _fingerprint(account) != fingerprint:
        raise _too_late()
    return account


def _too_late() -> Invalid:
    return Invalid({}, lazy("This took too long. Please begin again with your password."))


def _fingerprint(account: Account) -> str:
    return hashlib.sha256((account.password_hash or "").encode()).hexdigest()[:16]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(runtime().settings.secret_key, salt="second-step")
