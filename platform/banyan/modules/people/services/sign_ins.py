"""A member's own account."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import Account
from banyan.modules.audit.services import record
from banyan.modules.people.models import Member
from banyan.modules.people.services.changing import subject


def link(ctx: Context, member: Member, account: Account) -> Member:
    """Let ``account`` be the member's own sign-in; whoever calls has decided that it may be.

    :raises Refused: the member has one, or it is that of another person.
    """
    if member.account_id is not None:
        raise Refused(lazy("%(name)s has an account already.", name=member.name))
    if account.person_id not in (None, member.person_id):
        raise Refused(lazy("This account belongs to another person."))
    account.person_id, member.account_id = member.person_id, account.id
    member.updated_at = ctx.clock.now()
    ctx.session.flush()
    after = {"sign_in_name": account.sign_in_name}
    record(ctx, "people.account.link", subject(member), org=member.org, after=after)
    return member
