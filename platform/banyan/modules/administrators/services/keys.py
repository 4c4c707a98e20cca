"""Codes for people without an account: an invitation to apply, and the receipt with which an application is followed.

Secrets are kept as keyed hashes; looking one up is throttled like registering, and a wrong one tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, TooManyTries
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.access.neighbours import nothing_here
from banyan.modules.accounts import rules as account_rules
from banyan.modules.accounts.services import throttle
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.throttle import Limit
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.administrators.models import AdministratorApplication, AdministratorKey
from banyan.modules.administrators.permissions import CREATE
from banyan.modules.administrators.services.standing import require_applicable
from banyan.modules.audit.services import Subject, record

BY_KEY = Limit("administrator-key", 30, by_address=True)
RECEIPT_LENGTH = 12
RECEIPT_LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Door:
    """What a code opens: an organisation's form, or the state of its application."""

    kind: Literal["invitation", "receipt"]
    key_id: UUID
    org: OrgRef
    application_id: UUID | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new invitation, and the code itself, which nobody will see again."""

    row: AdministratorKey
    code: str


def invite(ctx: Context, *, note: str = "") -> Invitation:
    """Let a person of the organisation of the request, who has no account, fill in its application, once.

    :raises Refused: with every reason why the organisation cannot apply now.
    """
    require(ctx, CREATE.name, ctx.here)
    require_applicable(ctx, ctx.here)
    code = account_rules.new_code()
    row = _key(ctx, ctx.here, "invitation", code, account_rules.CODE_LIFETIME)
    row.note = note
    ctx.session.flush()
    after = {"note": note, "expires_at": row.expires_at}
    record(ctx, "administrators.invitation.create", subject(row), org=row.org, after=after)
    return Invitation(row, account_rules.shown_code(code))


def find(ctx: Context, key_id: UUID) -> AdministratorKey:
    """An invitation within reach; a receipt is nobody's business."""
    row = load(ctx, CREATE.name, AdministratorKey, key_id)
    if row.kind != "invitation":
        raise nothing_here()
    return row


def withdraw(ctx: Context, key_id: UUID) -> AdministratorKey:
    """Take an invitation back before it is used."""
    row = find(ctx, key_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.used_at is not None:
        raise Refused(lazy("This invitation has been used: the application is there already."))
    if row.withdrawn_at is not None:
        raise Refused(lazy("This invitation has been withdrawn already."))
    row.withdrawn_at = ctx.clock.now()
    record(ctx, "administrators.invitation.withdraw", subject(row), org=row.org)
    return row


def take(ctx: Context, code: str) -> AdministratorKey:
    """The invitation ``code``, held until it is used in this transaction: of two at once one wins.

    :raises Invalid: unknown, used, withdrawn and expired ones alike.
    """
    statement = select(AdministratorKey).where(_usable(ctx, code), AdministratorKey.kind == "invitation")
    row = ctx.session.scalar(statement.with_for_update())
    if row is None or not ctx.session.scope.holds(row.org_path):
        raise not_valid()
    return row


def give_receipt(ctx: Context, application: AdministratorApplication) -> str:
    """A receipt code for whoever applies; earlier ones of this application open nothing any more."""
    ctx.session.execute(
        update(AdministratorKey)
        .where(AdministratorKey.application_id == application.id, AdministratorKey.kind == "receipt")
        .where(AdministratorKey.withdrawn_at.is_(None))
        .values(withdrawn_at=ctx.clock.now())
        .execution_options(synchronize_session=False)
    )
    code = "".join(secrets.choice(account_rules.CODE_ALPHABET) for _ in range(RECEIPT_LENGTH))
    row = _key(ctx, application.org, "receipt", code, RECEIPT_LIFETIME)
    row.application_id = application.id
    ctx.session.flush()
    record(ctx, "administrators.receipt.create", subject(row), org=row.org)
    return "-".join(code[at : at + 4] for at in range(0, RECEIPT_LENGTH, 4))


def receipt_of(ctx: Context, application: AdministratorApplication) -> AdministratorKey:
    """The receipt of an application that is good now."""
    return ctx.session.scalars(
        select(AdministratorKey).where(
            AdministratorKey.application_id == application.id,
            AdministratorKey.kind == "receipt",
            AdministratorKey.withdrawn_at.is_(None),
        )
    ).one()


def look_up(ctx: Context, code: str, visitor: Visitor) -> Door:
    """What ``code`` opens, before anything is done with it.

    :param ctx: of a request that nobody is signed in for; its session is not used.
    :raises Invalid: unknown, used, withdrawn and expired codes alike. :raises TooManyTries: the address is paused.
    """
    ctx = replace(ctx, actor=replace(ctx.actor, address=visitor.address))
    with apart(ctx) as own:
        if throttle.reserve(own, BY_KEY, visitor.address) is None:
            raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))
    with apart(ctx) as own:
        row = own.session.scalar(select(AdministratorKey).where(_usable(own, code)))
        if row is not None:
            throttle.give_back(own, BY_KEY, visitor.address)
        else:
            record(own, "administrators.key.use", Subject("administrator_key", "", "—"), outcome="failed")
    if row is None:
        raise not_valid()
    return _door(row)


def reopen(ctx: Context, key_id: UUID) -> Door | None:
    """The door of a receipt that was shown a moment ago, unless it opens nothing any more."""
    with apart(ctx) as own:
        receipt = and_(AdministratorKey.id == key_id, AdministratorKey.kind == "receipt")
        row = own.session.scalar(select(AdministratorKey).where(receipt, _open(own)))
    return _door(row) if row is not None else None


def subject(row: AdministratorKey) -> Subject:
    """A code as the audit log names it: by its last two characters."""
    return Subject("administrator_key", str(row.id), f"…{row.hint}")


def not_valid() -> Invalid:
    """What wrong codes are answered with, whatever is wrong with them."""
    return Invalid({"code": [lazy("This code is not valid. It may have been used, withdrawn or have expired.")]})


def _door(row: AdministratorKey) -> Door:
    kind: Literal["invitation", "receipt"] = "receipt" if row.kind == "receipt" else "invitation"
    return Door(kind, row.id, row.org, row.application_id)


def _key(ctx: Context, org: OrgRef, kind: str, code: str, lifetime: timedelta) -> AdministratorKey:
    now = ctx.clock.now()
    row = AdministratorKey(
        org_id=org.id,
        org_path=org.path,
        kind=kind,
        code_hash=_hashed(code),
        hint=code[-2:],
        created_by=ctx.actor.account_id,
        created_at=now,
        expires_at=now + lifetime,
    )
    ctx.session.add(row)
    return row


def _hashed(code: str) -> bytes:
    key = runtime().settings.secret_key.encode()
    form = account_rules.code_form(code)
    return hmac.new(key, b"administrator-key:" + form.encode(), hashlib.sha256).digest()


def _usable(ctx: Context, code: str) -> ColumnElement[bool]:
    return and_(AdministratorKey.code_hash == _hashed(code), _open(ctx))


def _open(ctx: Context) -> ColumnElement[bool]:
    return and_(
        AdministratorKey.used_at.is_(None),
        AdministratorKey.withdrawn_at.is_(None),
        AdministratorKey.expires_at > ctx.clock.now(),
    )
