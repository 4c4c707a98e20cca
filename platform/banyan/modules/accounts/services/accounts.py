"""Accounts as administrators see them: opened, edited, suspended, restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.errors import Conflict, Forbidden, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access import rules as access_rules
from banyan.modules.access.decision import load, require
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts import rules, strength
from banyan.modules.accounts.events import AccountOpened, AccountRestored, AccountSuspended
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.permissions import ACCOUNT_READ, ACCOUNT_UPDATE
from banyan.modules.accounts.services import passwords, sessions
from banyan.modules.accounts.services.subjects import snapshot, subject
from banyan.modules.audit.services import changes, record
from banyan.modules.tenancy.models import Org

METRIC = "account.active"
EDITABLE = ("display_name", "phone")


def open_account(
    ctx: Context, *, sign_in_name: str, display_name: str, home: OrgRef, password: str | None, phone: str = ""
) -> Account:
    """Open an account at ``home``; whoever calls has decided that it may be. Roles are granted afterwards.

    :param ctx: with a session whose scope holds ``home``. :param password: None: nobody can sign in until one is set.
    :raises Invalid: with every reason against the name and the password.
    """
    name = rules.sign_in_name(sign_in_name)
    organisation = ctx.session.get_one(Org, home.id)
    _check_new(ctx, name, password, (display_name, phone, organisation.name))
    now = ctx.clock.now()
    account = Account(
        org_id=home.id,
        org_path=home.path,
        sign_in_name=name,
        display_name=display_name,
        phone=phone,
        password_hash=None if password is None else passwords.hash_password(password),
        password_changed_at=None if password is None else now,
        password_policy=strength.POLICY,
        status="active",
        created_at=now,
        created_by=ctx.actor.account_id,
    )
    ctx.session.add(account)
    ctx.session.flush()
    count(ctx.session, home, METRIC)
    record(ctx, "accounts.account.create", subject(account), org=home, after=snapshot(account))
    publish(ctx, home, AccountOpened(str(account.id), account.sign_in_name))
    return account


def find(ctx: Context, account_id: UUID) -> Account:
    """An account within reach, to be looked at."""
    return load(ctx, ACCOUNT_READ.name, Account, account_id)


def edit(ctx: Context, account_id: UUID, data: Mapping[str, Any]) -> Account:
    """Edit what an account is called and how its holder is reached.

    :param data: of `AccountEdit`; what it does not name stays. :raises Conflict: edited since ``version`` was read.
    """
    account = changeable_one(ctx, account_id)
    if data.get("version", account.version) != account.version:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    before = snapshot(account)
    for key in EDITABLE:
        setattr(account, key, data.get(key, getattr(account, key)))
    old, new = changes(before, snapshot(account))
    if new:
        ctx.session.flush()
        record(ctx, "accounts.account.update", subject(account), org=account.org, before=old, after=new)
    return account


def suspend(ctx: Context, account_id: UUID) -> Account:
    """Keep an account from signing in; its sessions end, and the codes it issued are withdrawn.

    Also that of an organisation's last administrator: its roles stay, and whoever suspended it can restore it.
    """
    account = changeable_one(ctx, account_id)
    if account.status == "frozen":
        raise Refused(lazy("This account is frozen: nobody can sign in with it."))
    if account.status != "active":
        raise Refused(lazy("This account is suspended already."))
    account.status = "suspended"
    ctx.session.flush()
    ended = sessions.end_all(ctx, account.id)
    withdrawn = withdraw_codes_of(ctx, account.id)
    count(ctx.session, account.org, METRIC, -1)
    after = {"status": "suspended", "sessions_ended": ended, "codes_withdrawn": withdrawn}
    record(ctx, "accounts.account.suspend", subject(account), org=account.org, before={"status": "active"}, after=after)
    publish(ctx, account.org, AccountSuspended(str(account.id)))
    return account


def restore(ctx: Context, account_id: UUID) -> Account:
    """Let a suspended account sign in again. Sessions that ended stay ended."""
    account = changeable_one(ctx, account_id)
    if account.status != "suspended":
        raise Refused(lazy("This account is not suspended."))
    account.status = "active"
    ctx.session.flush()
    count(ctx.session, account.org, METRIC)
    before, after = {"status": "suspended"}, {"status": "active"}
    record(ctx, "accounts.account.restore", subject(account), org=account.org, before=before, after=after)
    publish(ctx, account.org, AccountRestored(str(account.id)))
    return account


def changeable(ctx: Context, account: Account) -> bool:
    """Whether the actor may edit and suspend ``account``, for buttons."""
    try:
        require_changeable(ctx, account)
    except (Forbidden, Refused):
        return False
    return True


def changeable_one(ctx: Context, account_id: UUID) -> Account:
    """An account that the actor may change: within reach, not one's own, none that also holds roles beyond."""
    account = load(ctx, ACCOUNT_UPDATE.name, Account, account_id)
    require_changeable(ctx, account)
    return account


def require_changeable(ctx: Context, account: Account) -> None:
    """Not oneself, and nobody who holds a role beyond the actor's own reach: an account of a level above (ORG-09)."""
    require(ctx, ACCOUNT_UPDATE.name, account.org)
    if account.id == ctx.actor.account_id:
        raise Refused(lazy("This is your own account. Change it under “My account”."))
    for path, reach in _places(ctx, account.id):
        actor = ctx.actor
        name = ACCOUNT_UPDATE.name
        if not access_rules.holds_throughout(actor.grants, actor.policy, name, path, reach == "subtree"):
            raise Forbidden(
                lazy("This account also holds a role beyond your reach. Only an administrator there may change it.")
            )


def _places(ctx: Context, account_id: UUID) -> list[tuple[str, str]]:
    """Where an account holds roles now or later, and with which reach."""
    now = ctx.clock.now()
    rows = ctx.session.execute(
        select(RoleGrant.org_path, RoleGrant.reach).where(
            RoleGrant.account_id == account_id,
            RoleGrant.ended_at.is_(None),
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
        )
    )
    return [(path, reach) for path, reach in rows]


def withdraw_codes_of(ctx: Context, account_id: UUID) -> int:
    """Withdraw the registration codes an account issued that nobody has used; says how many."""
    withdrawn = ctx.session.scalars(
        update(RegistrationCode)
        .where(
            RegistrationCode.created_by == account_id,
            RegistrationCode.used_at.is_(None),
            RegistrationCode.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=ctx.clock.now())
        .returning(RegistrationCode.id)
        .execution_options(synchronize_session=False)
    )
    return len(withdrawn.all())


def _check_new(ctx: Context, name: str, password: str | None, about: tuple[str, ...]) -> None:
    problems: dict[str, list[Text]] = {}
    found = rules.sign_in_name_problems(name)
    if not found and ctx.session.scalar(select(Account.id).where(Account.sign_in_name == name)) is not None:
        found = [lazy("This sign-in name is already taken.")]
    if found:
        problems["sign_in_name"] = found
    weak = [] if password is None else rules.password_problems(password, name, *about)
    if weak:
        problems["password"] = weak
    if problems:
        raise Invalid(problems)
