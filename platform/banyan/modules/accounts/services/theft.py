"""Reporting a theft: one click freezes the account, at once and for whoever holds it.

Who may report cannot freeze others: it takes a session of the account, or its password (then it *is* stolen), or one
of its recovery codes, or, where a thief has changed the password already, the password before that in a browser in
which the account had signed in before the change. Only an administrator above thaws it, by handing its holder a
one-time code in person (`resets`); the code sets a new password, and the account is active again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.events import publish
from banyan.modules.accounts import rules, totp
from banyan.modules.accounts.events import AccountFrozen
from banyan.modules.accounts.models import Account, ApiToken
from banyan.modules.accounts.security_models import FormerPassword
from banyan.modules.accounts.services import devices, guard, passwords, second_factor, sessions, sign_in
from banyan.modules.accounts.services.accounts import METRIC, withdraw_codes_of
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.devices import Standing
from banyan.modules.accounts.services.subjects import me, subject
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import record

CHANGED_BY_THIEF = timedelta(days=7)


def report_own(ctx: Context) -> None:
    """Freeze one's own account; this session ends with the others."""
    freeze(ctx, me(ctx))


def proved(ctx: Context, name: str, proof: str, visitor: Visitor) -> Account:
    """The account called ``name``, if somebody who is not signed in may report its theft.

    :param proof: its password, a recovery code, or the password before a thief changed it.
    :raises Invalid: name or proof is wrong; which of them is not told. :raises TooManyTries: as for signing in.
    """
    name = rules.sign_in_name(name)
    ctx = replace(ctx, actor=replace(ctx.actor, name=name, address=visitor.address))
    account = _otherwise_proved(ctx, name, proof, visitor)
    if account is None:
        account, _known, tries = sign_in.checked(ctx, name, proof, visitor, frozen_too=True)
        with apart(ctx) as own:
            guard.passed(own, tries)
    return account


def report(ctx: Context, account: Account, visitor: Visitor) -> None:
    """Freeze an account of which a theft was `proved`.

    :param ctx: with a session whose scope is the account's home. Reporting twice changes nothing more.
    """
    own = ctx.session.get_one(Account, account.id)
    if own.status == "active":
        freeze(sign_in.acting(ctx, own, visitor), own)


def freeze(ctx: Context, account: Account) -> None:
    """Keep everybody out: sessions, tokens, codes and known browsers end, and administrators above are told."""
    now = ctx.clock.now()
    account.status, account.frozen_at = "frozen", now
    ctx.session.flush()
    ended = sessions.end_all(ctx, account.id)
    tokens = ctx.session.scalars(
        update(ApiToken)
        .where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
        .execution_options(synchronize_session=False)
    ).all()
    withdrawn = withdraw_codes_of(ctx, account.id)
    devices.forget_all(ctx, account.id)
    count(ctx.session, account.org, METRIC, -1)
    after = {
        "status": "frozen",
        "sessions_ended": ended,
        "tokens_revoked": len(tokens),
        "codes_withdrawn": withdrawn,
    }
    record(ctx, "accounts.account.freeze", subject(account), org=account.org, before={"status": "active"}, after=after)
    publish(ctx, account.org, AccountFrozen(str(account.id), account.sign_in_name))


def _otherwise_proved(ctx: Context, name: str, proof: str, visitor: Visitor) -> Account | None:
    """The account, if ``proof`` is a recovery code or the password before a change made by somebody else.

    What has the form of a recovery code is counted as a try before it is looked up, whether there is such an account or
    not; the try at the password that follows a wrong one is counted again.
    """
    with apart(ctx) as own:
        known = devices.standing(own, name, visitor)
        account = own.session.scalar(select(Account).where(Account.sign_in_name == name, Account.status != "suspended"))
        former = _before_change(own, account, known) if account is not None else None
    if former is None and not totp.looks_like_recovery(proof):
        return None
    tries = guard.reserved_apart(ctx, name, visitor, known)
    replaced = former is not None and passwords.verified(former, proof)
    if account is None or not (replaced or second_factor.looks_valid(ctx, account, proof)):
        return None
    with apart(ctx) as own:
        guard.passed(own, tries)
    return account


def _before_change(ctx: Context, account: Account, known: Standing) -> str | None:
    latest = ctx.session.scalar(
        select(FormerPassword)
        .where(
            FormerPassword.account_id == account.id,
            FormerPassword.replaced_at > ctx.clock.now() - CHANGED_BY_THIEF,
        )
        .order_by(FormerPassword.id.desc())
        .limit(1)
    )
    if latest is None or known.since is None or known.since >= latest.replaced_at:
        return None
    return latest.password_hash
