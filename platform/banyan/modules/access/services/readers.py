"""Who may see what is kept at an organisation: roles and numbers of people, told to whoever it is about (ACC-03)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.treepath import lineage
from banyan.kernel.values import Grant, OrgRef
from banyan.modules.access import policy, rules
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.neighbours import ACCOUNT, ORG
from banyan.modules.access.services import names

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A role at an organisation with which something further down, or there, may be seen.

    :ivar people: how many hold it. :ivar own: at that very organisation and not above it.
    """

    organisation: str
    role: str
    people: int
    own: bool


def readers(ctx: Context, org: OrgRef, permission: str) -> list[Reading]:
    """Who may do ``permission`` at ``org``, the nearest organisation first.

    Rights from above a link of guidance end there, and denials count, as in every decision. Nobody is named: it is told
    to people who need not know who works where.
    """
    rows = _rows(ctx, org)
    meaning = policy.store().rights(ctx.session, {row.role for row in rows})
    held: dict[UUID, list[Grant]] = defaultdict(list)
    places: dict[UUID, str] = {}
    for row in rows:
        held[row.account_id].append(Grant(row.id, row.role, row.org_id, row.org_path, row.reach == "subtree"))
        places[row.org_id] = row.name
    counted: dict[tuple[str, UUID, str], int] = defaultdict(int)
    for grants in held.values():
        decision = rules.decide(grants, meaning, permission, org.path)
        if decision.allowed and decision.grant is not None:
            counted[decision.grant.path, decision.grant.org_id, decision.role] += 1
    labels = names.labels(policy.store(), ctx.session, {role for _path, _id, role in counted})
    return [
        Reading(places[org_id], labels.get(role, role), number, org_id == org.id)
        for (path, org_id, role), number in sorted(counted.items(), key=lambda item: (-len(item[0][0]), item[0][2]))
    ]


def _rows(ctx: Context, org: OrgRef) -> Sequence[Any]:
    now = ctx.clock.now()
    columns = (RoleGrant.id, RoleGrant.account_id, RoleGrant.role, RoleGrant.org_id, RoleGrant.org_path)
    statement = (
        select(*columns, RoleGrant.reach, ORG.c.name)
        .join(ORG, ORG.c.id == RoleGrant.org_id)
        .join(ACCOUNT, ACCOUNT.c.id == RoleGrant.account_id)
        .where(
            RoleGrant.org_path.in_(lineage(org.path)),
            or_(RoleGrant.reach == "subtree", RoleGrant.org_path == org.path),
            RoleGrant.ended_at.is_(None),
            RoleGrant.not_before <= now,
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
            ACCOUNT.c.status == "active",
        )
        .order_by(RoleGrant.org_path.desc(), RoleGrant.granted_at, RoleGrant.id)
        .limit(MOST)
    )
    return ctx.session.execute(statement).all()
