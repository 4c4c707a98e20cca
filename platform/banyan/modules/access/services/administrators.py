"""The last administrator of an organisation cannot be removed: who that is, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Grant, OrgRef, Snapshot
from banyan.modules.access import neighbours, policy, rules
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.neighbours import ACCOUNT, ORG
from banyan.modules.access.permissions import GRANT_GRANT

NAMED = 5
Held = tuple[UUID, Grant]


def require_one_left(ctx: Context, places: Iterable[UUID], goes: Callable[[Held], bool]) -> None:
    """Refuse to leave an organisation without the administrator it has.

    An administrator is an active account with a valid grant at that very organisation, which lets it grant roles
    there. The organisations are locked first, so that two people removing the last two at once do not both succeed.

    :param places: ids of the organisations concerned. :param goes: which grants are about to mean nothing.
    """
    asked = set(places)
    if not asked:
        return
    neighbours.lock_places(ctx, asked)
    found = ctx.session.execute(select(ORG.c.id, ORG.c.path, ORG.c.name).where(ORG.c.id.in_(asked))).all()
    held = _held(ctx, asked)
    meaning = policy.store().rights(ctx.session, {grant.role for _account, grant in held})
    orphaned = [name for identity, path, name in found if _orphaned(held, meaning, identity, path, goes)]
    if orphaned:
        names = ", ".join(sorted(orphaned)[:NAMED])
        raise Refused(
            lazy("No administrator would be left at: %(names)s. Give the role to somebody else first.", names=names)
        )


def _orphaned(held: list[Held], meaning: Snapshot, identity: UUID, path: str, goes: Callable[[Held], bool]) -> bool:
    left = [item for item in held if not goes(item)]
    return bool(_administrators(held, meaning, identity, path)) and not _administrators(left, meaning, identity, path)


def _administrators(held: list[Held], meaning: Snapshot, identity: UUID, path: str) -> set[UUID]:
    own = {account for account, grant in held if grant.org_id == identity}
    return rules.holders(
        ((account, grant) for account, grant in held if account in own and _counts(meaning, grant, identity)),
        meaning,
        GRANT_GRANT.name,
        path,
    )


def _counts(meaning: Snapshot, grant: Grant, identity: UUID) -> bool:
    """Grants held elsewhere can deny here, but make nobody this organisation's own administrator."""
    return grant.org_id == identity or GRANT_GRANT.name in meaning.roles[grant.role].denied


def _held(ctx: Context, places: set[UUID]) -> list[Held]:
    """All valid grants of the active accounts that hold one at any of ``places``."""
    own = select(RoleGrant.account_id).where(RoleGrant.org_id.in_(places), *_valid(ctx))
    rows = ctx.session.execute(
        select(
            RoleGrant.account_id, RoleGrant.id, RoleGrant.role, RoleGrant.org_id, RoleGrant.org_path, RoleGrant.reach
        )
        .join(ACCOUNT, and_(ACCOUNT.c.id == RoleGrant.account_id, ACCOUNT.c.status == "active"))
        .where(RoleGrant.account_id.in_(own), *_valid(ctx))
    )
    return [(row[0], Grant(row[1], row[2], row[3], row[4], row[5] == "subtree")) for row in rows]


def _valid(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    now = ctx.clock.now()
    return (
        RoleGrant.ended_at.is_(None),
        RoleGrant.not_before <= now,
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
    )


def seated(ctx: Context, org: OrgRef, permission: str) -> set[UUID]:
    """Active accounts with a grant at that very organisation that may do ``permission`` there."""
    held = _held(ctx, {org.id})
    meaning = policy.store().rights(ctx.session, {grant.role for _account, grant in held})
    own = {account for account, grant in held if grant.org_id == org.id}
    return rules.holders((item for item in held if item[0] in own), meaning, permission, org.path)
