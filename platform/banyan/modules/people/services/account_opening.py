"""Accounts of members: opened by their branch, set up by their holders with a one-time code (ACC-02).

A member's account holds no roles. Whoever holds some is left to those who see to administrators: a branch could take
over the account of an administrator of the level above with a code otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load, visible
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import in_bulk, resets
from banyan.modules.accounts.services.in_bulk import Wanted
from banyan.modules.audit.services import record
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import ACCOUNT_CREATE
from banyan.modules.people.rules import account_due
from banyan.modules.people.services.changing import subject
from banyan.modules.tenancy.models import Org

MOST = 500
HOLDS_ROLES: Text = lazy("This account also holds roles. Those who see to administrators help with it.")
IS_SUSPENDED: Text = lazy("This account is suspended. Restore it first.")
HAS_ACCOUNT: Text = lazy("This member has set up an account already.")


@dataclass(frozen=True, slots=True)
class Slip:
    """What is handed to a member, once. :ivar reset: the code is for a new password, not for setting up."""

    member_id: UUID
    name: str
    org_name: str
    sign_in_name: str
    code: str
    expires_at: datetime
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening several. :ivar left: who was left out, and why."""

    slips: list[Slip] = field(default_factory=list)
    left: list[tuple[str, Text]] = field(default_factory=list)


def open_accounts(ctx: Context, member_ids: Sequence[UUID]) -> Opened:
    """Open accounts for members, or draw fresh codes for those who have not set theirs up.

    :raises Refused: none of them can have one, with the reasons.
    """
    opened = Opened()
    found = ctx.session.execute(
        select(Member, Org)
        .join(Org, Org.id == Member.org_id)
        .where(Member.id.in_(list(member_ids)[:MOST]), visible(ctx, ACCOUNT_CREATE.name, Member.org_path))
        .order_by(Member.org_path, Member.sort_name, Member.id)
        .with_for_update(of=Member)
    ).all()
    accounts = _accounts(ctx, [member for member, _org in found])
    going: list[tuple[Member, Org]] = []
    for member, org in found:
        reason = _against(ctx, member, accounts.get(member.id))
        if reason is None:
            going.append((member, org))
        else:
            opened.left.append((member.name, reason))
    if not going:
        reasons = [reason for _name, reason in opened.left]
        raise Refused(*(reasons or [lazy("Choose at least one member.")]))
    opened.slips.extend(_opened(ctx, going))
    return opened


def _accounts(ctx: Context, members: Sequence[Member]) -> dict[UUID, Account]:
    ids = [member.account_id for member in members if member.account_id is not None]
    found = {account.id: account for account in ctx.session.scalars(select(Account).where(Account.id.in_(ids)))}
    return {member.id: found[member.account_id] for member in members if member.account_id in found}


def _against(ctx: Context, member: Member, account: Account | None) -> Text | None:
    if member.status != "active":
        return lazy("%(name)s is no member any more.", name=member.name)
    if account is None:
        return None
    if account.status != "active":
        return IS_SUSPENDED
    if account.password_hash is not None:
        return HAS_ACCOUNT
    return HOLDS_ROLES if holds_roles(ctx, account.id) else None


def _opened(ctx: Context, going: Sequence[tuple[Member, Org]]) -> list[Slip]:
    fresh = [(member, org) for member, org in going if member.account_id is None]
    wanted = [Wanted(org.ref, org.code, member.name, member.person_id) for member, org in fresh]
    made = in_bulk.open_for_persons(ctx, wanted) if wanted else []
    for (member, _org), account_id in zip(fresh, made, strict=True):
        member.account_id = account_id
    ctx.session.flush()
    for member, _org in fresh:
        record(ctx, "people.account.open", subject(member), org=member.org, after={"account": str(member.account_id)})
    ids = [member.account_id for member, _org in going]
    accounts = ctx.session.scalars(select(Account).where(Account.id.in_(ids))).all()
    apart = [account for account in accounts if not holds_roles(ctx, account.id)]
    codes = {handed.account_id: handed for handed in in_bulk.issue_codes(ctx, apart)}
    until = rules.code_expiry(ctx.clock.now())
    return [
        Slip(member.id, member.name, org.name, codes[account].sign_in_name, codes[account].code, until)
        for member, org in going
        if (account := member.account_id) in codes and account is not None
    ]


def new_code(ctx: Context, member_id: UUID) -> Slip:
    """A fresh code for one member: to set the account up, or for a new password where it has one already.

    :raises Refused: no member any more, no account, suspended, or one with roles.
    """
    member = load(ctx, ACCOUNT_CREATE.name, Member, member_id)
    account = ctx.session.get(Account, member.account_id) if member.account_id else None
    if account is None or account.password_hash is None:
        return open_accounts(ctx, [member_id]).slips[0]
    reason = _against(ctx, member, account)
    if reason is not None and reason is not HAS_ACCOUNT:
        raise Refused(reason)
    if holds_roles(ctx, account.id):
        raise Refused(HOLDS_ROLES)
    drawn = resets.draw(ctx, account, second_factor_too=False, issued_by=ctx.actor.account_id)
    record(ctx, "people.account.reset", subject(member), org=member.org, after={"expires_at": drawn.expires_at})
    name = ctx.session.scalar(select(Org.name).where(Org.id == member.org_id)) or ""
    return Slip(member.id, member.name, name, account.sign_in_name, drawn.code, drawn.expires_at, reset=True)


def holds_roles(ctx: Context, account_id: UUID) -> bool:
    """Whether an account holds a role anywhere, now or later."""
    now = ctx.clock.now()
    found = select(RoleGrant.id).where(
        RoleGrant.account_id == account_id,
        RoleGrant.ended_at.is_(None),
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
    )
    return ctx.session.scalar(found.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """How it stands with a member's account.

    :ivar state: ``none``, ``waiting`` for its holder, ``active``, ``suspended`` or ``frozen``.
    :ivar due_on: until when a member without one should have it. :ivar overdue: that day is over.
    """

    state: str
    sign_in_name: str = ""
    last_sign_in_at: datetime | None = None
    due_on: date | None = None
    overdue: bool = False
    can_have_code: bool = False


def standing(ctx: Context, member: Member) -> AccountStanding:
    """How it stands with the account of ``member``; whoever calls has decided that it may be read."""
    active = member.status == "active"
    account = ctx.session.get(Account, member.account_id) if member.account_id else None
    if account is None:
        due = account_due.due_on(member.admitted_on)
        return AccountStanding("none", "", None, due if active else None, active and due < today(ctx.clock), active)
    state = account.status if account.status != "active" else ("active" if account.password_hash else "waiting")
    reachable = active and account.status == "active" and not holds_roles(ctx, account.id)
    return AccountStanding(state, account.sign_in_name, account.last_sign_in_at, can_have_code=reachable)
