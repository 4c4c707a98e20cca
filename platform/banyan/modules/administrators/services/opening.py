"""What follows on a decision: approval alone opens the account, in the transaction of the decision (ORG-02)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound, Refused
from banyan.kernel.events import publish
from banyan.kernel.flows import Heard, Outcome
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import require
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.services import grants
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.services import codes
from banyan.modules.accounts.services.accounts import open_account
from banyan.modules.administrators.events import ApplicationChanged
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.permissions import DECIDE
from banyan.modules.administrators.services import standing
from banyan.modules.audit.services import record
from banyan.modules.tenancy.models import Org

ROLE = "org_admin"
# What is heard → the state it leads to, and the action of the audit log.
STATES = {
    Heard.APPROVED: ("approved", "administrators.application.approve"),
    Heard.RETURNED: ("returned", "administrators.application.return"),
    Heard.REJECTED: ("rejected", "administrators.application.reject"),
    Heard.WITHDRAWN: ("withdrawn", "administrators.application.withdraw"),
    Heard.RESUBMITTED: ("sent", ""),
}


def heard(ctx: Context, outcome: Outcome) -> None:
    """Keep where an application stands; on approval open the account.

    :raises Refused: the account cannot be opened (any more); the decision is undone and the decider reads why.
    """
    if outcome.kind not in STATES:
        return
    application = ctx.session.get(AdministratorApplication, UUID(outcome.subject_id), with_for_update=True)
    if application is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    before = application.state
    application.state, action = STATES[outcome.kind]
    if outcome.kind is Heard.APPROVED:
        _open(ctx.at(application.org), application)
    if outcome.kind is not Heard.RESUBMITTED:
        application.opinion = outcome.opinion
    if outcome.kind not in (Heard.RETURNED, Heard.RESUBMITTED):
        application.decided_at = outcome.at
    ctx.session.flush()
    if action:
        after = {"state": application.state, **({"opinion": outcome.opinion} if outcome.opinion else {})}
        record(ctx, action, standing.subject(application), org=application.org, before={"state": before}, after=after)
        publish(ctx, application.org, ApplicationChanged(str(application.id), application.state))


def _open(ctx: Context, application: AdministratorApplication) -> None:
    """The new administrator first, then the one who goes: the organisation is never without."""
    if ctx.session.get_one(Org, application.org_id).status != "active":
        raise Refused(lazy("This organisation has been revoked."))
    account = _account(ctx, application)
    grants.grant_role(ctx, account_id=account.id, role=ROLE, org=application.org, reach="subtree")
    if application.replaces is not None:
        _end_roles(ctx, application, application.replaces)
    code = codes.issue_for_account(ctx, account, role=ROLE, reach="subtree", note=application.number)
    application.account_id, application.code_id = account.id, code.id


def _account(ctx: Context, application: AdministratorApplication) -> Account:
    try:
        return open_account(
            ctx,
            sign_in_name=application.sign_in_name,
            display_name=application.administrator,
            phone=application.administrator_phone,
            home=application.org,
            password=None,
        )
    except Invalid as error:
        taken = [reason for reasons in error.fields.values() for reason in reasons]
        raise Refused(*taken, lazy("Return the application, so that another sign-in name is chosen.")) from error


def _end_roles(ctx: Context, application: AdministratorApplication, account_id: UUID) -> None:
    """All roles that the account that goes holds at this very organisation; what it holds elsewhere stays."""
    now = ctx.clock.now()
    held = ctx.session.scalars(
        select(RoleGrant).where(
            RoleGrant.account_id == account_id,
            RoleGrant.org_id == application.org_id,
            RoleGrant.ended_at.is_(None),
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
        )
    ).all()
    for grant in held:
        grants.end_grant(ctx, grant)


def renew(ctx: Context, application: AdministratorApplication) -> None:
    """Make the set-up code valid for another 20 days; the level above decides that, as it decided the application.

    :raises Refused: the account has been set up already, or nothing has been approved.
    """
    upper = standing.upper_of(ctx, application.org)
    if upper is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    require(ctx, DECIDE.name, upper.ref)
    ctx.session.refresh(application, with_for_update=True)
    account = ctx.session.get(Account, application.account_id) if application.account_id else None
    if account is None or account.password_hash is not None:
        raise Refused(lazy("There is no account that waits for being set up."))
    former = ctx.session.get(RegistrationCode, application.code_id, with_for_update=True)
    if former is not None and former.used_at is None and former.withdrawn_at is None:
        former.withdrawn_at = ctx.clock.now()
    here = ctx.at(application.org)
    application.code_id = codes.issue_for_account(here, account, role=ROLE, reach="subtree", note=application.number).id
    ctx.session.flush()
    record(here, "administrators.application.renew", standing.subject(application))
