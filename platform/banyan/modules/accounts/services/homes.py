"""The home of an account: the organisation that answers for it."""

from __future__ import annotations

from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services.accounts import METRIC
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import record


def follow(ctx: Context, account_id: UUID, left: OrgRef, to: OrgRef) -> None:
    """Let an account go along with its holder, whose membership went from ``left`` to ``to``.

    An account that another organisation answers for stays where it is, and so do the roles that it holds.

    :param ctx: with a session that sees both.
    """
    account = ctx.session.get_one(Account, account_id, with_for_update=True)
    if account.org_id != left.id:
        return
    account.org_id, account.org_path = to.id, to.path
    ctx.session.flush()
    if account.status == "active":
        count(ctx.session, left, METRIC, -1)
        count(ctx.session, to, METRIC)
    for side in (left, to):
        record(ctx, "accounts.account.follow", subject(account), org=side)
