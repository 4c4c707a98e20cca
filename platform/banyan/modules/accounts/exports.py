"""Lists of accounts as Excel files."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.accounts.lists import ACCOUNTS
from banyan.modules.accounts.models import Account, ApiToken
from banyan.modules.accounts.permissions import (
    ACCOUNT_EXPORT,
    ACCOUNT_READ,
    SIGN_IN_EXPORT,
    SIGN_IN_READ,
    TOKEN_READ,
)
from banyan.modules.accounts.security_lists import FINDINGS, SIGN_INS
from banyan.modules.accounts.token_lists import TOKENS


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Accounts that one may both see and export."""
    return and_(*(visible(ctx, one.name, Account.org_path, within=ctx.here) for one in (ACCOUNT_READ, ACCOUNT_EXPORT)))


def _findings(ctx: Context) -> ColumnElement[bool]:
    """The accounts the check-up is about: those that can be signed in to."""
    return and_(_rows(ctx), Account.status == "active")


def _sign_ins(ctx: Context) -> ColumnElement[bool]:
    """Sign-ins that one may both see and export."""
    return and_(*(visible(ctx, one.name, Account.org_path, within=ctx.here) for one in (SIGN_IN_READ, SIGN_IN_EXPORT)))


def _tokens(ctx: Context) -> ColumnElement[bool]:
    """Tokens that one may see, of organisations whose lists of accounts one may export."""
    return and_(*(visible(ctx, one.name, ApiToken.org_path, within=ctx.here) for one in (TOKEN_READ, ACCOUNT_EXPORT)))


EXPORTS = (
    Exportable(ACCOUNTS, ACCOUNT_EXPORT.name, _rows),
    Exportable(FINDINGS, ACCOUNT_EXPORT.name, _findings),
    Exportable(TOKENS, ACCOUNT_EXPORT.name, _tokens),
    Exportable(SIGN_INS, SIGN_IN_EXPORT.name, _sign_ins),
)
