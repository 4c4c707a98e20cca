"""Rows of an import against the accounts there are: what is new, same or changed, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import ImportRow
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.access.permissions import GRANT_GRANT
from banyan.modules.access.services.grants import not_delegable
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.permissions import ACCOUNT_CREATE, ACCOUNT_UPDATE
from banyan.modules.accounts.services import accounts, codes
from banyan.modules.tenancy.models import Org

_NOWHERE = lazy("There is no such organisation within your reach.")


def check(ctx: Context, rows: Sequence[ImportRow]) -> None:
    """Say of every row what it is, and all that is wrong with it."""
    places = {row.data["organisation"] for row in rows if row.data.get("organisation")}
    names = {row.data["sign_in_name"] for row in rows if row.data.get("sign_in_name")}
    orgs = {org.code: org for org in ctx.session.scalars(select(Org).where(Org.code.in_(sorted(places))))}
    found = ctx.session.execute(
        select(Account, Org.code).join(Org, Org.id == Account.org_id).where(Account.sign_in_name.in_(sorted(names)))
    )
    there = {account.sign_in_name: (account, code) for account, code in found}

    @cache
    def against(code: str) -> tuple[Text, ...]:
        return tuple(codes.against(ctx, orgs[code]))

    @cache
    def missing(role: str, code: str, reach: str) -> tuple[Text, ...]:
        return tuple(not_delegable(ctx, ctx.actor, role, orgs[code].ref, reach == "subtree"))

    for row in rows:
        name, place = row.data.get("sign_in_name", ""), row.data.get("organisation", "")
        known = there.get(name)
        org = orgs.get(place)
        if place and (org is None or not _reached(ctx, org.ref)):
            row.reject("organisation", _NOWHERE)
            continue
        if name and known is None:
            for reason in rules.sign_in_name_problems(name):
                row.reject("sign_in_name", reason)
        if known is not None:
            _compare(ctx, row, *known)
        elif org is not None:
            for reason in against(place):
                row.reject("organisation", reason)
            role, reach = row.data.get("role", codes.DEFAULT_ROLE), row.data.get("reach", codes.DEFAULT_REACH)
            for label in missing(role, place, reach):
                reason = lazy("You do not hold “%(permission)s” there with that reach.", permission=label)
                row.reject("role", reason)


def _reached(ctx: Context, org: OrgRef) -> bool:
    needed = (ACCOUNT_CREATE.name, GRANT_GRANT.name)
    return org.path.startswith(ctx.here.path) and all(decide(ctx, name, org).allowed for name in needed)


def _compare(ctx: Context, row: ImportRow, account: Account, home: str) -> None:
    inside = account.org_path.startswith(ctx.here.path) and decide(ctx, ACCOUNT_UPDATE.name, account.org).allowed
    if not inside:
        row.reject("sign_in_name", lazy("This sign-in name is already taken."))
        return
    if row.data.get("organisation", home) != home:
        row.reject("organisation", lazy("This account belongs to another organisation. An import moves nothing."))
    row.found(
        {"display_name": account.display_name, "phone": account.phone},
        {
            "id": str(account.id),
            "version": account.version,
        },
    )
    if row.before and not accounts.changeable(ctx, account):
        row.reject("", lazy("This account also holds a role beyond your reach, or is your own."))
