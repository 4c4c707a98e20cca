"""The step of a manifest that creates accounts: it stands here, where tree, roles and accounts may all be seen."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Reach
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.policy import PolicyStore, own_id
from banyan.modules.access.services.grants import bootstrap_grant
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services.accounts import open_account
from banyan.modules.tenancy.manifest.plan import AccountChange, NewAccount
from banyan.modules.tenancy.manifest.values import AccountEntry, GrantEntry, Problems
from banyan.modules.tenancy.models import Org

# Typed from paper: nothing that looks like something else. Four groups of four hold 79 bits.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
GROUPS = 4


class ManifestAccounts:
    """Tells which accounts and grants are missing, and creates them with random passwords."""

    def __init__(self, store: PolicyStore) -> None:
        self._store = store

    def missing(self, session: Session, entries: Sequence[AccountEntry], problems: Problems) -> list[AccountChange]:
        """What is missing of ``entries``; what is wrong with them goes to ``problems``."""
        found: list[AccountChange] = []
        for entry in entries:
            name = rules.sign_in_name(entry.sign_in_name)
            for reason in rules.sign_in_name_problems(name):
                problems.add(entry.where, reason)
            for grant in entry.grants:
                if grant.role not in self._store.roles:
                    problems.add(grant.where, lazy("There is no built-in role “%(role)s”.", role=grant.role))
            account = session.scalar(select(Account).where(Account.sign_in_name == name))
            held = _held(session, account)
            grants = tuple(grant for grant in entry.grants if _key(grant) not in held)
            if account is None or grants:
                found.append(AccountChange(entry, account is None, grants))
        return found

    def create(self, ctx: Context, changes: Sequence[AccountChange]) -> list[NewAccount]:
        """Create what is missing, in the transaction of ``ctx``."""
        made: list[NewAccount] = []
        for change in changes:
            name = rules.sign_in_name(change.entry.sign_in_name)
            if change.new:
                made.append(_open(ctx, change.entry, name))
            account = ctx.session.scalars(select(Account).where(Account.sign_in_name == name)).one()
            for grant in change.grants:
                org = _org(ctx, grant.organisation)
                reach = cast("Reach", grant.reach)
                bootstrap_grant(ctx, account_id=account.id, role=grant.role, org=org.ref, reach=reach)
        ctx.session.flush()
        return made


def new_password() -> str:
    """A random password."""
    return "-".join("".join(secrets.choice(ALPHABET) for _char in range(4)) for _group in range(GROUPS))


def _open(ctx: Context, entry: AccountEntry, name: str) -> NewAccount:
    home, password = _org(ctx, entry.organisation), new_password()
    open_account(
        ctx,
        sign_in_name=name,
        display_name=entry.display_name,
        home=home.ref,
        password=password,
        phone=entry.phone,
    )
    return NewAccount(name, entry.display_name, home.name, password)


def _org(ctx: Context, code: str) -> Org:
    return ctx.session.scalars(select(Org).where(Org.code == code)).one()


def _key(grant: GrantEntry) -> tuple[str, str, str]:
    return (grant.role, grant.reach, grant.organisation)


def _held(session: Session, account: Account | None) -> set[tuple[str, str, str]]:
    if account is None:
        return set()
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.reach, Org.code)
        .join(Org, Org.id == RoleGrant.org_id)
        .where(RoleGrant.account_id == account.id, RoleGrant.ended_at.is_(None))
    )
    return {(role, reach, code) for role, reach, code in rows}


def accounts_below(session: Session, lo: str, hi: str) -> list[dict[str, Any]]:
    """The accounts of a range of paths as a manifest says them: no passwords, built-in roles without an end only."""
    grants: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    rows = session.execute(
        select(RoleGrant.account_id, RoleGrant.role, RoleGrant.reach, Org.code)
        .join(Org, Org.id == RoleGrant.org_id)
        .where(RoleGrant.org_path >= lo, RoleGrant.org_path < hi)
        .where(RoleGrant.ended_at.is_(None), RoleGrant.not_after.is_(None))
        .order_by(RoleGrant.org_path, RoleGrant.role)
    )
    for account_id, role, reach, code in rows:
        if own_id(role) is None:
            grants[account_id].append({"role": role, "reach": reach, "organisation": code})
    accounts = session.execute(
        select(Account.id, Account.sign_in_name, Account.display_name, Account.phone, Org.code)
        .join(Org, Org.id == Account.org_id)
        .where(Account.org_path >= lo, Account.org_path < hi, Account.status == "active")
        .order_by(Account.org_path, Account.sign_in_name)
    )
    return [
        {
            "sign_in_name": name,
            "display_name": display_name,
            "organisation": code,
            **({"phone": phone} if phone else {}),
            **({"grants": grants[account_id]} if account_id in grants else {}),
        }
        for account_id, name, display_name, phone, code in accounts
    ]
