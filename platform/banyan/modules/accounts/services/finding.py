"""Accounts for the search box over the tree: by how their name or sign-in name begins.

Plan: each of the two names by a range of its own index, in its order and no further than needed; one's reach is asked
of the rows that are read.
"""

from __future__ import annotations

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from banyan.kernel.context import Context
from banyan.kernel.db.beginnings import begins_with
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.permissions import ACCOUNT_READ


def find(ctx: Context, text: str, most: int) -> list[tuple[str, str]]:
    """Accounts within reach whose name or sign-in name begins with ``text``: label and address, at most ``most``."""
    if not may(ctx, ACCOUNT_READ.name):
        return []
    found = {
        **_beginning(ctx, Account.display_name, text, most),
        **_beginning(ctx, Account.sign_in_name, rules.sign_in_name(text), most),
    }
    return [(label, url_for("accounts_pages.account", account_id=key)) for key, label in list(found.items())[:most]]


def _beginning(ctx: Context, column: InstrumentedAttribute[str], text: str, most: int) -> dict[object, str]:
    rows = ctx.session.execute(
        select(Account.id, Account.display_name, Account.sign_in_name)
        .where(begins_with(column, text), visible(ctx, ACCOUNT_READ.name, Account.org_path, within=ctx.here))
        .order_by(column, Account.id)
        .limit(most)
    )
    return {row.id: f"{row.display_name} ({row.sign_in_name})" for row in rows}
