"""Signing in: the same answer at the same cost for every name, and a pause after too many failures."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, TooManyTries
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Actor
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import passwords, sessions, throttle
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.sessions import Visitor
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import Subject, record

FAILED = "accounts.session.create"
LOCKED = "accounts.account.lock"
UNREADABLE = "—"


def sign_in(ctx: Context, name: str, password: str, visitor: Visitor) -> str:
    """Check name and password, and begin a session.

    :param ctx: of a request that nobody is signed in for; its session is used for nothing but a success.
    :return: the value of the session cookie.
    :raises TooManyTries: the name or the address is paused, whoever it may be.
    :raises Invalid: name or password is wrong; which of the two is not told.
    :raises Refused: both are right, and the account is suspended.
    """
    name = rules.sign_in_name(name)
    ctx = replace(ctx, actor=replace(ctx.actor, name=name, address=visitor.address))
    tries = _reserve(ctx, name, visitor)
    account = _looked_up(ctx, name)
    # No connection is held while the password is verified: it takes long on purpose.
    right = passwords.verified(account.password_hash if account else None, password)
    if account is None or not right:
        _failed(ctx, name, account, tries)
        raise Invalid({}, lazy("The sign-in name or the password is wrong."))
    if account.status != "active":
        _failed(ctx, name, account, tries)
        raise Refused(lazy("This account is suspended. Please ask the administrator of your organisation."))
    ctx = replace(ctx, actor=Actor(account.id, name, "session", account.org, address=visitor.address))
    if not _still(ctx, account, password):
        raise Invalid({}, lazy("The sign-in name or the password is wrong."))
    throttle.clear(ctx, throttle.BY_NAME, name)
    throttle.give_back(ctx, throttle.BY_ADDRESS, visitor.address)
    return sessions.begin(ctx, account, visitor)


def _reserve(ctx: Context, name: str, visitor: Visitor) -> tuple[int, int]:
    with apart(ctx) as own:
        by_name = throttle.reserve(own, throttle.BY_NAME, name)
        by_address = throttle.reserve(own, throttle.BY_ADDRESS, visitor.address) if by_name is not None else None
    if by_name is None or by_address is None:
        raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))
    return by_name, by_address


def _looked_up(ctx: Context, name: str) -> Account | None:
    if rules.sign_in_name_problems(name):
        return None
    with apart(ctx) as own:
        return own.session.scalar(select(Account).where(Account.sign_in_name == name))


def _failed(ctx: Context, name: str, account: Account | None, tries: tuple[int, int]) -> None:
    """Record the failure, and the pause it began. An unknown name belongs to no organisation: operators see it."""
    label = name if not rules.sign_in_name_problems(name) else UNREADABLE
    about = subject(account) if account else Subject("sign_in_name", "", label)
    org = account.org if account else None
    with apart(replace(ctx, actor=replace(ctx.actor, name=label))) as own:
        record(own, FAILED, about, org=org, outcome="failed")
        if tries[0] >= throttle.BY_NAME.failures:
            record(own, LOCKED, about, org=org, outcome="refused", after={"failures": tries[0]})
        if tries[1] >= throttle.BY_ADDRESS.failures:
            address = Subject("address", ctx.actor.address, ctx.actor.address)
            record(own, "accounts.address.lock", address, outcome="refused", after={"failures": tries[1]})


def _still(ctx: Context, account: Account, password: str) -> bool:
    """Note the sign-in, if the password that was verified still holds: it may have been changed meanwhile."""
    kept = account.password_hash
    anew = passwords.hash_password(password) if kept and passwords.outdated(kept) else kept
    done = ctx.session.execute(
        update(Account)
        .where(Account.id == account.id, Account.password_hash == kept, Account.status == "active")
        .values(last_sign_in_at=ctx.clock.now(), password_hash=anew)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return done.scalar_one_or_none() is not None
