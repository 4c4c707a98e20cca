"""What becomes of a member's account when its holder leaves, and comes back (ACC-02).

An account is closed with its holder's last membership, where the organisation lays that down; one that holds roles is
left to those who gave them. It is restored with the membership.
"""

from __future__ import annotations

from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.events import publish
from banyan.modules.accounts.events import AccountRestored, AccountSuspended
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import sessions
from banyan.modules.accounts.services.accounts import METRIC
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import record
from banyan.modules.people.account_settings import CLOSES
from banyan.modules.people.events import MemberLeft, MemberRestored
from banyan.modules.people.models import Member
from banyan.modules.people.services import persons
from banyan.modules.people.services.account_opening import holds_roles
from banyan.plugins.settings import setting

CLOSED, REOPENED = "people.account.close", "people.account.reopen"


def heard(ctx: Context, name: str, payload: dict[str, object]) -> None:
    """An event; told twice it does nothing more."""
    if name not in (MemberLeft.NAME, MemberRestored.NAME):
        return
    member = ctx.session.get(Member, UUID(str(payload["member_id"])))
    account = (
        ctx.session.get(Account, member.account_id, with_for_update=True) if member and member.account_id else None
    )
    if member is None or account is None:
        return
    if name == MemberLeft.NAME and member.status != "active":
        _close(ctx, member, account)
    elif name == MemberRestored.NAME and member.status == "active":
        _reopen(ctx, account)


def _close(ctx: Context, member: Member, account: Account) -> None:
    elsewhere = any(one.status == "active" for one in persons.standings(ctx, member.person_id))
    if account.status != "active" or elsewhere or not setting(ctx, CLOSES.key, member.org):
        return
    if holds_roles(ctx, account.id):
        return
    account.status = "suspended"
    account.closed_with_membership = True
    ctx.session.flush()
    ended = sessions.end_all(ctx, account.id)
    count(ctx.session, account.org, METRIC, -1)
    after = {"status": "suspended", "sessions_ended": ended}
    record(ctx, CLOSED, subject(account), org=account.org, before={"status": "active"}, after=after)
    publish(ctx, account.org, AccountSuspended(str(account.id)))


def _reopen(ctx: Context, account: Account) -> None:
    if account.status != "suspended" or not account.closed_with_membership:
        return
    account.status, account.closed_with_membership = "active", False
    ctx.session.flush()
    count(ctx.session, account.org, METRIC)
    record(ctx, REOPENED, subject(account), org=account.org, before={"status": "suspended"}, after={"status": "active"})
    publish(ctx, account.org, AccountRestored(str(account.id)))
