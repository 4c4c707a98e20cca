"""Where the module stands in the rail, and what it puts on the dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Card, NavItem
from banyan.modules.access.decision import may
from banyan.modules.accounts.permissions import ACCOUNT_READ, ACCOUNT_UPDATE, SESSION_READ, SIGN_IN_READ
from banyan.modules.accounts.services import checkup

ITEMS = (
    NavItem(
        lazy("Administrators"), "accounts_pages.administrators", "user-shield", "organisation", 30, ACCOUNT_READ.name
    ),
    NavItem(lazy("Security check-up"), "accounts_pages.checkup", "shield-check", "system", 70, ACCOUNT_UPDATE.name),
    NavItem(lazy("Online users"), "accounts_pages.online", "users", "system", 80, SESSION_READ.name),
    NavItem(lazy("Log of sign-ins"), "accounts_pages.sign_in_log", "login", "system", 90, SIGN_IN_READ.name),
)


def cards(ctx: Context) -> Sequence[Card]:
    """A card about frozen accounts, where there are any: they wait for somebody."""
    if not may(ctx, ACCOUNT_UPDATE.name) or not checkup.frozen(ctx, 1):
        return ()
    title, endpoint = lazy("Thefts reported"), "accounts_pages.frozen_card"
    return (Card("accounts.frozen", title, endpoint, 6, 10, ACCOUNT_UPDATE.name),)
