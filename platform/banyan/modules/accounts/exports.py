"""Lists of accounts as Excel files."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.accounts.lists import ACCOUNTS
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.permissions import ACCOUNT_EXPORT, ACCOUNT_READ, SIGN_IN_EXPORT, SIGN_IN_READ
from banyan.modules.accounts.security_lists import FINDINGS, SIGN_INS


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Accounts that one may both see and export."""
    return and_(*(visible(ctx, one.name, Account.org_path, within=ctx.here) for one in (ACCOUNT_READ, ACCOUNT_EXPORT)))


def _findings(ctx: Context) -> ColumnElement[bool]:
    """The accounts the check-up is about: those that can be signed in to."""
    return and_(_rows(ctx), Account.status == "active")


def _sign_ins(ctx: Context) -> ColumnElement[bool]:
    """Sign-ins that one may both see and export."""
    return and_(*(visible(ctx, one.name, Account.org_path, within=ctx.here) for one in (SIGN_IN_READ, SIGN_IN_EXPORT)))


EXPORTS = (
    Exportable(ACCOUNTS, ACCOUNT_EXPORT.name, _rows),
    Exportable(FINDINGS, ACCOUNT_EXPORT.name, _findings),
    Exportable(SIGN_INS, SIGN_IN_EXPORT.name, _sign_ins),
)
