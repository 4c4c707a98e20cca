"""Who may apply: what stands in the way of an organisation's application, and whom a new administrator may replace."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account
from banyan.modules.administrators.models import PENDING, AdministratorApplication
from banyan.modules.audit.services import Subject
from banyan.modules.tenancy.models import Org


def subject(application: AdministratorApplication) -> Subject:
    """An application as the audit log names it."""
    label = f"{application.number} {application.administrator}"
    return Subject("administrator_application", str(application.id), label)


def org_of(ctx: Context, org: OrgRef) -> Org:
    """The organisation with its names."""
    return ctx.session.get_one(Org, org.id)


def upper_of(ctx: Context, org: OrgRef) -> Org | None:
    """The organisation directly above, which decides; None for a root."""
    row = ctx.session.get_one(Org, org.id)
    return ctx.session.get(Org, row.parent_id) if row.parent_id else None


def pending(ctx: Context, org: OrgRef) -> AdministratorApplication | None:
    """The application of ``org`` that is not decided yet."""
    return ctx.session.scalar(
        select(AdministratorApplication).where(
            AdministratorApplication.org_id == org.id, AdministratorApplication.state.in_(PENDING)
        )
    )


def against(ctx: Context, org: OrgRef) -> list[Text]:
    """Every reason why ``org`` cannot apply now."""
    row = ctx.session.get_one(Org, org.id)
    reasons: list[Text] = []
    if row.status != "active":
        reasons.append(lazy("This organisation has been revoked."))
    if row.parent_id is None:
        reasons.append(lazy("No organisation stands above this one: whoever runs the platform opens its accounts."))
    found = pending(ctx, org)
    if found is not None:
        reasons.append(lazy("Application %(number)s of this organisation is not decided yet.", number=found.number))
    return reasons


def require_applicable(ctx: Context, org: OrgRef) -> None:
    """Refuse with every reason why ``org`` cannot apply now. Its row is held, so that two at once do not pass."""
    ctx.session.execute(select(Org.id).where(Org.id == org.id).with_for_update(key_share=True))
    reasons = against(ctx, org)
    if reasons:
        raise Refused(*reasons)


def replaceable(ctx: Context, org: OrgRef) -> list[tuple[str, str]]:
    """Accounts with a role at ``org`` now: id and name."""
    now = ctx.clock.now()
    rows = ctx.session.execute(
        select(Account.id, Account.display_name)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.org_id == org.id,
            RoleGrant.ended_at.is_(None),
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
        )
        .group_by(Account.id, Account.display_name)
        .order_by(Account.display_name, Account.id)
        .limit(200)
    )
    return [(str(identity), name) for identity, name in rows]


def name_of(ctx: Context, account_id: UUID | None) -> str:
    """What the account that is replaced is called; empty for none."""
    if account_id is None:
        return ""
    return ctx.session.scalar(select(Account.display_name).where(Account.id == account_id)) or ""
