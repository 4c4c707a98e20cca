"""Grants that end, or go to another organisation, because of what becomes of an organisation (ORG-04, ORG-05).

Nobody takes these roles back: an organisation ceases to be or leaves those that defined a role. The modules above
decide about that; here is what it means for grants and own roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Text, and_, cast, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text as Message
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import ancestors, lineage, upper
from banyan.kernel.values import OrgRef
from banyan.modules.access import neighbours, policy
from banyan.modules.access.events import GrantEnded
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.services import names
from banyan.modules.access.services.grants import not_delegable, snapshot, subject
from banyan.modules.audit.services import record


def lasting(ctx: Context, org: OrgRef) -> list[RoleGrant]:
    """Grants held at ``org`` that are not over."""
    open_end = or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > ctx.clock.now())
    statement = select(RoleGrant).where(RoleGrant.org_id == org.id, RoleGrant.ended_at.is_(None), open_end)
    return list(ctx.session.scalars(statement.order_by(RoleGrant.id)))


def left_behind(ctx: Context, org: OrgRef, parent: OrgRef) -> list[RoleGrant]:
    """Grants in the subtree of ``org`` of roles that an organisation defined which would not be above it any more."""
    leaving = [path for path in ancestors(org.path) if path not in lineage(parent.path)]
    inside = and_(RoleGrant.org_path >= org.path, RoleGrant.org_path < upper(org.path), RoleGrant.ended_at.is_(None))
    own = cast(OrgRole.id, Text(collation="C"))
    statement = select(RoleGrant).join(OrgRole, own == RoleGrant.role).where(inside, OrgRole.org_path.in_(leaving))
    return list(ctx.session.scalars(statement.order_by(RoleGrant.id))) if leaving else []


def end_all(ctx: Context, grants: Sequence[RoleGrant]) -> None:
    """End grants, each with an entry of its own and an event."""
    now = ctx.clock.now()
    for grant in grants:
        account = neighbours.account(ctx, grant.account_id)
        if account is None:
            continue
        before = {**snapshot(ctx, grant, account), "ended_at": None}
        grant.ended_at, grant.ended_by = now, ctx.actor.account_id
        after = {**before, "ended_at": now}
        record(ctx, "access.grant.end", subject(ctx, grant, account), org=grant.org, before=before, after=after)
        publish(ctx, grant.org, GrantEnded(str(grant.id), str(grant.account_id), grant.role))
    ctx.session.flush()


def give_back(ctx: Context, org: OrgRef, ids: Iterable[UUID]) -> int:
    """Let grants at ``org`` that had ended with it hold again; returns how many."""
    rows = ctx.session.scalars(select(RoleGrant).where(RoleGrant.org_id == org.id, RoleGrant.id.in_(list(ids)))).all()
    for grant in rows:
        grant.ended_at = grant.ended_by = None
        account = neighbours.account(ctx, grant.account_id)
        if account is not None:
            after = snapshot(ctx, grant, account)
            record(ctx, "access.grant.create", subject(ctx, grant, account), org=org, after=after)
    ctx.session.flush()
    return len(rows)


def against_taking_over(ctx: Context, grants: Sequence[RoleGrant], org: OrgRef) -> list[Message]:
    """Why the roles in ``grants`` may not be held at ``org`` from now on.

    Whoever brings them there gives them: the permissions have to be held, and no account may come to hold two roles
    that one person may not hold together.
    """
    reasons: list[Message] = []
    for role, subtree in sorted({(grant.role, grant.reach == "subtree") for grant in grants}):
        missing = not_delegable(ctx, ctx.actor, role, org, subtree)
        if missing:
            label = names.label(policy.store(), ctx.session, role)
            reasons.append(lazy("You could not give the role “%(role)s” there yourself.", role=label))
    held = lasting(ctx, org)
    for grant in grants:
        for other in held:
            if other.account_id == grant.account_id and policy.store().conflicting(grant.role, other.role):
                account = neighbours.account(ctx, grant.account_id)
                name = account.sign_in_name if account else ""
                reasons.append(lazy("%(name)s would hold two roles that one person may not hold together.", name=name))
    return reasons


def same_grants(ctx: Context, org: OrgRef, into: OrgRef) -> list[RoleGrant]:
    """Grants at ``org`` that the same account holds at ``into`` as well."""
    kept = {(grant.account_id, grant.role, grant.reach) for grant in lasting(ctx, into)}
    return [grant for grant in lasting(ctx, org) if (grant.account_id, grant.role, grant.reach) in kept]


def twice_named(ctx: Context, org: OrgRef, into: OrgRef) -> list[OrgRole]:
    """Own roles of ``org`` that are called as one of ``into`` is."""
    taken = select(OrgRole.name).where(OrgRole.org_id == into.id, OrgRole.withdrawn_at.is_(None))
    mine = select(OrgRole).where(OrgRole.org_id == org.id, OrgRole.withdrawn_at.is_(None), OrgRole.name.in_(taken))
    return list(ctx.session.scalars(mine.order_by(OrgRole.name)))
