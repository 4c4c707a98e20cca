"""A grant with the names of all that it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from banyan.kernel.context import Context
from banyan.modules.access import neighbours, policy
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.neighbours import Place
from banyan.modules.access.services import names

INSTANT = timedelta(microseconds=1)
State = Literal["valid", "to_come", "expired", "ended"]


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as a page shows it. ``granted_by`` and ``ended_by`` are sign-in names, empty for nobody."""

    id: UUID
    account: str
    account_name: str
    role_label: str
    place: Place
    reach: str
    not_before: datetime
    not_after: datetime | None
    granted_by: str
    granted_at: datetime
    ended_at: datetime | None
    ended_by: str
    state: State

    @property
    def last(self) -> datetime | None:
        """The last instant at which it is valid: what people read as its end."""
        return self.not_after - INSTANT if self.not_after else None


def of_grant(ctx: Context, grant: RoleGrant) -> GrantView:
    """``grant`` with names, as it stands now."""
    account = neighbours.account(ctx, grant.account_id)
    return GrantView(
        id=grant.id,
        account=account.sign_in_name if account else "",
        account_name=account.display_name if account else "",
        role_label=names.label(policy.store(), ctx.session, grant.role),
        place=neighbours.place(ctx, grant.org),
        reach=grant.reach,
        not_before=grant.not_before,
        not_after=grant.not_after,
        granted_by=_name(ctx, grant.granted_by),
        granted_at=grant.granted_at,
        ended_at=grant.ended_at,
        ended_by=_name(ctx, grant.ended_by),
        state=state(grant, ctx.clock.now()),
    )


def state(grant: RoleGrant, now: datetime) -> State:
    """How a grant stands at ``now``."""
    if grant.ended_at is not None:
        return "ended"
    if grant.not_after is not None and grant.not_after <= now:
        return "expired"
    return "to_come" if grant.not_before > now else "valid"


def _name(ctx: Context, identity: UUID | None) -> str:
    account = neighbours.account(ctx, identity) if identity else None
    return account.sign_in_name if account else ""
