"""Setting up an account with a registration code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, TooManyTries
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Actor, OrgRef, Reach
from banyan.modules.access import policy
from banyan.modules.access.services import names
from banyan.modules.access.services.grants import grant_for_registration
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.services import codes, new_passwords, throttle
from banyan.modules.accounts.services.accounts import open_account
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.entering import Entered, enter
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.models import Org


@dataclass(frozen=True, slots=True)
class Offer:
    """What a code gives: an account at an organisation with a role there.

    :ivar sign_in_name: of an account that was opened already and waits for its password; empty: one is opened now.
    """

    org: OrgRef
    org_name: str
    role_label: str
    reach: str
    expires_at: datetime
    sign_in_name: str = ""


def look_up(ctx: Context, code: str, visitor: Visitor) -> Offer:
    """What ``code`` gives, before anything is done with it.

    :param ctx: of a request that nobody is signed in for; its session is not used.
    :raises Invalid: unknown, used, withdrawn and expired codes alike. :raises TooManyTries: the address is paused.
    """
    ctx = replace(ctx, actor=replace(ctx.actor, address=visitor.address))
    with apart(ctx) as own:
        if throttle.reserve(own, throttle.BY_REGISTRATION, visitor.address) is None:
            raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))
    with apart(ctx) as own:
        offer = _offer(own, code)
        if offer is not None:
            throttle.give_back(own, throttle.BY_REGISTRATION, visitor.address)
        else:
            record(own, "accounts.code.redeem", Subject("registration_code", "", "—"), outcome="failed")
    if offer is None:
        raise _not_valid()
    return offer


def redeem(ctx: Context, code: str, data: Mapping[str, Any], visitor: Visitor) -> Entered:
    """Set up the account a code gives, grant its role, and sign in.

    :param ctx: with a session whose scope is the organisation of the code. :param data: of `Registration`.
    :raises Invalid: the code is not valid (any more: of two at once one wins), or with the reasons against the data.
    :raises Refused: whoever issued the code may not grant its role any more.
    """
    statement = select(RegistrationCode).where(RegistrationCode.code_hash == codes.hashed(code), codes.redeemable(ctx))
    row = ctx.session.scalar(statement.with_for_update())
    if row is None or not ctx.session.scope.holds(row.org_path):
        raise _not_valid()
    ctx = replace(ctx, actor=replace(ctx.actor, address=visitor.address))
    account = _opened(ctx, row, data) if row.account_id is None else _set_up(ctx, row.account_id, data["password"])
    account.last_sign_in_at = ctx.clock.now()
    row.used_at, row.used_by = ctx.clock.now(), account.id
    actor = Actor(account.id, account.sign_in_name, "session", account.org, address=visitor.address)
    ctx = replace(ctx, actor=actor)
    if row.account_id is None:
        reach: Reach = "subtree" if row.reach == "subtree" else "self"
        issuer = row.created_by
        grant_for_registration(ctx, account_id=account.id, role=row.role, org=row.org, reach=reach, issuer=issuer)
    record(ctx, "accounts.code.redeem", codes.subject(row), org=row.org, after={"account": account.sign_in_name})
    return enter(ctx, account, visitor)


def _opened(ctx: Context, row: RegistrationCode, data: Mapping[str, Any]) -> Account:
    ctx = replace(ctx, actor=replace(ctx.actor, name=data["sign_in_name"]))
    account = open_account(
        ctx,
        sign_in_name=data["sign_in_name"],
        display_name=data["display_name"],
        phone=data["phone"],
        password=data["password"],
        home=row.org,
    )
    account.created_by = row.created_by
    return account


def _set_up(ctx: Context, account_id: UUID, password: str) -> Account:
    """Give an account that was opened already its password; its roles it has."""
    account = ctx.session.get(Account, account_id, with_for_update=True)
    if account is None or account.status != "active" or account.password_hash is not None:
        raise _not_valid()
    weak = new_passwords.problems(ctx, account, password)
    if weak:
        raise Invalid({"password": weak})
    new_passwords.set_password(ctx, account, password)
    return account


def _offer(ctx: Context, code: str) -> Offer | None:
    found = ctx.session.execute(
        select(RegistrationCode, Org.name, Account.sign_in_name)
        .join(Org, Org.id == RegistrationCode.org_id)
        .outerjoin(Account, Account.id == RegistrationCode.account_id)
        .where(RegistrationCode.code_hash == codes.hashed(code), codes.redeemable(ctx), Org.status == "active")
        .where(or_(Account.id.is_(None), and_(Account.status == "active", Account.password_hash.is_(None))))
    ).first()
    if found is None:
        return None
    row, org_name, sign_in_name = found
    label = names.label(policy.store(), ctx.session, row.role)
    return Offer(row.org, org_name, label, row.reach, row.expires_at, sign_in_name or "")


def _not_valid() -> Invalid:
    return Invalid({"code": [lazy("This code is not valid. It may have been used, withdrawn or have expired.")]})
