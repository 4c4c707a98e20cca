"""Registration codes: how an account is handed to the person who will hold it, at the organisation or below."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef, Reach
from banyan.modules.access import policy
from banyan.modules.access.decision import load
from banyan.modules.access.models import OrgRole
from banyan.modules.access.services import names
from banyan.modules.access.services.grants import not_delegable, require_delegable
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.permissions import ACCOUNT_CREATE
from banyan.modules.accounts.settings import CODES_ALLOWED
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.models import Org
from banyan.plugins import settings as laid_down

DEFAULT_ROLE = "org_admin"
DEFAULT_REACH: Reach = "subtree"


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A new code, and the code itself, which nobody will see again."""

    row: RegistrationCode
    code: str


def issue(ctx: Context, *, role: str = DEFAULT_ROLE, reach: Reach = DEFAULT_REACH, note: str = "") -> IssuedCode:
    """Issue a code for one account at the organisation of the request, with a role there.

    Whoever issues it must be able to grant that role with that reach there: the code is the grant, postponed.
    """
    org = ctx.session.get_one(Org, ctx.here.id)
    reasons = against(ctx, org)
    if reasons:
        raise Refused(*reasons)
    if role not in _usable(ctx):
        raise Invalid({"role": [lazy("There is no such role at this organisation.")]})
    require_delegable(ctx, role, ctx.here, reach == "subtree")
    code = rules.new_code()
    row = _kept(ctx, ctx.here, code, role=role, reach=reach, note=note)
    return IssuedCode(row, rules.shown_code(code))


def issue_for_account(ctx: Context, account: Account, *, role: str, reach: Reach, note: str) -> RegistrationCode:
    """A code with which the holder of an account that was opened for it sets the password.

    Nobody knows the code yet: `renew` tells it to whom it is for. It is not one of those that can be forbidden.

    :param role: held by the account already; with ``reach``, for those who read of the code.
    """
    return _kept(ctx, account.org, rules.new_code(), role=role, reach=reach, note=note, account_id=account.id)


def renew(ctx: Context, row: RegistrationCode) -> str:
    """Put a fresh code in the place of one that is not used yet, and say it; the earlier one opens nothing any more.

    :raises Refused: it has been used, withdrawn, or has expired.
    """
    ctx.session.refresh(row, with_for_update=True)
    if row.used_at is not None or row.withdrawn_at is not None or row.expires_at <= ctx.clock.now():
        raise Refused(lazy("This code is not valid any more: it has been used, withdrawn or has expired."))
    code = rules.new_code()
    row.code_hash, row.hint = hashed(code), code[-2:]
    ctx.session.flush()
    record(ctx, "accounts.code.renew", subject(row), org=row.org)
    return rules.shown_code(code)


def _kept(ctx: Context, org: OrgRef, code: str, **values: Any) -> RegistrationCode:
    now = ctx.clock.now()
    row = RegistrationCode(
        org_id=org.id,
        org_path=org.path,
        code_hash=hashed(code),
        hint=code[-2:],
        created_by=ctx.actor.account_id,
        created_at=now,
        expires_at=rules.code_expiry(now),
        **values,
    )
    ctx.session.add(row)
    ctx.session.flush()
    after = {"role": row.role, "reach": row.reach, "note": row.note, "expires_at": row.expires_at}
    record(ctx, "accounts.code.create", subject(row), org=org, after=after)
    return row


def against(ctx: Context, org: Org) -> list[Text]:
    """Every reason why no code may be issued for an account at ``org``, whoever asks."""
    reasons: list[Text] = []
    if org.status != "active":
        reasons.append(lazy("This organisation has been revoked."))
    if not laid_down.setting(ctx, CODES_ALLOWED.key, org.ref):
        reasons.append(lazy("Registration codes are forbidden here: accounts are opened by application."))
    return reasons


def role_choices(ctx: Context) -> list[tuple[str, str]]:
    """Roles the actor may give at the organisation of the request: key and name."""
    return [
        (key, name) for key, name in _usable(ctx).items() if not not_delegable(ctx, ctx.actor, key, ctx.here, False)
    ]


def _usable(ctx: Context) -> dict[str, str]:
    """All roles that mean something at the organisation of the request: built in, or its own line's."""
    own = ctx.session.scalars(
        select(OrgRole.id)
        .where(OrgRole.org_path.in_(lineage(ctx.here.path)), OrgRole.withdrawn_at.is_(None))
        .order_by(OrgRole.org_path, OrgRole.id)
    )
    store = policy.store()
    keys = [*store.roles, *map(str, own)]
    named = names.labels(store, ctx.session, keys)
    return {key: named[key] for key in keys}


def find(ctx: Context, code_id: UUID) -> RegistrationCode:
    """A code within reach, to be withdrawn."""
    return load(ctx, ACCOUNT_CREATE.name, RegistrationCode, code_id)


def withdraw(ctx: Context, code_id: UUID) -> RegistrationCode:
    """Take a code back before it is used."""
    row = find(ctx, code_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.used_at is not None:
        raise Refused(lazy("This code has been used. Suspend the account that was set up with it instead."))
    if row.withdrawn_at is not None:
        raise Refused(lazy("This code has been withdrawn already."))
    row.withdrawn_at = ctx.clock.now()
    record(ctx, "accounts.code.withdraw", subject(row), org=row.org)
    return row


def against_revocation(ctx: Context, org: OrgRef) -> list[Text]:
    """Codes with which somebody could still set up an account at an organisation that is to be revoked (ORG-04)."""
    statement = select(func.count()).select_from(RegistrationCode)
    number = ctx.session.scalar(statement.where(RegistrationCode.org_id == org.id, redeemable(ctx))) or 0
    return [lazy("Registration codes that can still be used: %(n)s. Withdraw them first.", n=number)] if number else []


def hashed(code: str) -> bytes:
    """What is kept of a code. Keyed: eight characters could be tried out against a stolen table."""
    key = runtime().settings.secret_key.encode()
    return hmac.new(key, b"registration-code:" + rules.code_form(code).encode(), hashlib.sha256).digest()


def redeemable(ctx: Context) -> ColumnElement[bool]:
    """The predicate of codes with which an account can be set up now."""
    return and_(
        RegistrationCode.used_at.is_(None),
        RegistrationCode.withdrawn_at.is_(None),
        RegistrationCode.expires_at > ctx.clock.now(),
    )


def subject(row: RegistrationCode) -> Subject:
    """A code as the audit log names it: by its last two characters."""
    return Subject("registration_code", str(row.id), f"…{row.hint}")
