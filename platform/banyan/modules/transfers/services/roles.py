"""Roles that a member holds at the branch it leaves: they end with the transfer, and the sender is told before."""

from __future__ import annotations

from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import DomainError, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access import policy
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.services import endings, names
from banyan.modules.access.services.administrators import require_one_left


def held(ctx: Context, account_id: UUID | None, org: OrgRef) -> list[RoleGrant]:
    """Grants of the member's account at ``org`` that are not over."""
    if account_id is None:
        return []
    return [grant for grant in endings.lasting(ctx, org) if grant.account_id == account_id]


def labels(ctx: Context, account_id: UUID | None, org: OrgRef) -> list[str]:
    """What the roles that end are called."""
    found = held(ctx, account_id, org)
    return sorted({str(names.label(policy.store(), ctx.session, grant.role)) for grant in found})


def against(ctx: Context, account_id: UUID | None, org: OrgRef) -> list[Text]:
    """Why the roles cannot end: no organisation is left without the administrator it has."""
    grants = {grant.id for grant in held(ctx, account_id, org)}
    if not grants:
        return []
    try:
        require_one_left(ctx, [org.id], lambda item: item[1].id in grants)
    except DomainError as error:
        return [lazy("The member is the last administrator of the branch. %(reason)s", reason=str(error))]
    return []


def end(ctx: Context, account_id: UUID | None, org: OrgRef) -> int:
    """End them, each with an entry of its own; returns how many."""
    found = held(ctx, account_id, org)
    endings.end_all(ctx, found)
    return len(found)
