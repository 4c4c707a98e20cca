"""Accounts as the other services find and name them."""

from __future__ import annotations

from typing import Any

from banyan.kernel.context import Context
from banyan.modules.accounts.models import Account
from banyan.modules.audit.services import Subject
from banyan.modules.tenancy.models import Org

SHOWN = ("sign_in_name", "display_name", "phone", "language", "status")


def subject(account: Account) -> Subject:
    """An account as the audit log names it."""
    return Subject("account", str(account.id), account.sign_in_name)


def snapshot(account: Account) -> dict[str, Any]:
    """The values of an account that its history shows: no secrets."""
    return {key: getattr(account, key) for key in SHOWN}


def me(ctx: Context) -> Account:
    """The account of the actor, who is signed in."""
    return ctx.session.get_one(Account, ctx.actor.account_id)


def about(ctx: Context, account: Account) -> list[str]:
    """What a password of ``account`` must not hold."""
    home = ctx.session.get(Org, account.org_id)
    return [account.sign_in_name, account.display_name, account.phone, home.name if home else ""]
