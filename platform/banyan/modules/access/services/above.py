"""What people above hold at an organisation, and what a link of guidance leaves of it (ORG-12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.treepath import ancestors
from banyan.kernel.values import OrgRef
from banyan.modules.access import policy
from banyan.modules.access.decision import decide
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.neighbours import ACCOUNT, ORG
from banyan.modules.access.permissions import GRANT_READ
from banyan.modules.access.services import names

MOST = 200


@dataclass(frozen=True, slots=True)
class HeldAbove:
    """A grant held above an organisation that reaches it where every link is one of leadership.

    :ivar account: sign-in name. :ivar permissions: how many its role allows. :ivar across: how many of these reach
        across a link of guidance.
    """

    account: str
    account_name: str
    role_label: str
    organisation: str
    permissions: int
    across: int


@dataclass(frozen=True, slots=True)
class Above:
    """:ivar grants: those the reader may see. :ivar others: how many more there are, of levels beyond their reach."""

    grants: tuple[HeldAbove, ...]
    others: int

    @property
    def number(self) -> int:
        """How many grants there are in all."""
        return len(self.grants) + self.others


def held_above(ctx: Context, org: OrgRef) -> Above:
    """Valid grants strictly above ``org`` that reach it but for its own link, the highest first; at most `MOST`.

    Those beyond a link of guidance further up end there anyway, and are not among them.
    """
    store = policy.store()
    rows = _rows(ctx, org)
    meaning = store.rights(ctx.session, {row[0].role for row in rows})
    called = names.labels(store, ctx.session, {row[0].role for row in rows})
    shown = []
    for grant, name, account, account_name in rows:
        if decide(ctx, GRANT_READ.name, grant.org).allowed:
            allowed = meaning.roles[grant.role].allowed
            reaching = len(allowed & meaning.across)
            role = called.get(grant.role, grant.role)
            shown.append(HeldAbove(account, account_name, role, name, len(allowed), reaching))
    return Above(tuple(shown), len(rows) - len(shown))


def _rows(ctx: Context, org: OrgRef) -> list[Any]:
    line = ancestors(org.path)
    guidance = ctx.actor.policy.guidance
    edge = guidance.edge(line[-1]) if guidance is not None and line else ""
    now = ctx.clock.now()
    return list(
        ctx.session.execute(
            select(RoleGrant, ORG.c.name, ACCOUNT.c.sign_in_name, ACCOUNT.c.display_name)
            .join(ORG, ORG.c.id == RoleGrant.org_id)
            .join(ACCOUNT, ACCOUNT.c.id == RoleGrant.account_id)
            .where(
                RoleGrant.org_path.in_([path for path in line if path >= edge]),
                RoleGrant.reach == "subtree",
                RoleGrant.ended_at.is_(None),
                RoleGrant.not_before <= now,
                or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
                ACCOUNT.c.status == "active",
            )
            .order_by(RoleGrant.org_path, RoleGrant.granted_at, RoleGrant.id)
            .limit(MOST)
        )
    )
