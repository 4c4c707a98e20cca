"""What other modules may read of accounts: who they are, nothing of how they sign in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account

MOST = 200


class AccountCard(NamedTuple):
    """An account as other modules know one."""

    id: UUID
    name: str


def account_names(ctx: Context, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What the accounts ``ids`` are called; those that the caller's own rows name. One statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = ctx.session.execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))
    return {row.id: row.display_name for row in rows}


def accounts_with(ctx: Context, org: OrgRef, roles: Iterable[str]) -> list[UUID]:
    """The accounts that hold one of ``roles`` at ``org`` itself now."""
    now = ctx.clock.now()
    statement = select(RoleGrant.account_id).where(
        RoleGrant.org_id == org.id,
        RoleGrant.role.in_(list(roles)),
        RoleGrant.ended_at.is_(None),
        RoleGrant.not_before <= now,
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
    )
    return list(ctx.session.scalars(statement.distinct().limit(MOST)))


def accounts_here(ctx: Context) -> list[AccountCard]:
    """Active accounts that the organisation of the request has opened, or that hold a role there; by name."""
    now, here = ctx.clock.now(), ctx.here
    holders = select(RoleGrant.account_id).where(
        RoleGrant.org_id == here.id,
        RoleGrant.ended_at.is_(None),
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
    )
    statement = (
        select(Account.id, Account.display_name)
        .where(Account.status == "active", or_(Account.org_id == here.id, Account.id.in_(holders)))
        .order_by(Account.display_name, Account.id)
        .limit(MOST)
    )
    return [AccountCard(*row) for row in ctx.session.execute(statement)]
