"""Where what is one's own is read and written: in a session of that organisation alone.

A member's request begins at the organisation of the account; a record may be at another one.
"""

from __future__ import annotations

from uuid import UUID

from banyan.kernel import runtime as rt
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.modules.people.models import Member
from banyan.modules.people.services import changes
from banyan.modules.people.services.changes import NOTHING


def inside(member_id: UUID) -> tuple[Context, Member]:
    """One's own record, and the request going on at its organisation. :raises NotFound: it is somebody else's."""
    member = changes.mine(rt.current(), member_id)
    ctx = rt.inside(member.org)
    return ctx, changes.mine(ctx, member_id)


def request_inside(request_id: UUID) -> Context:
    """The request going on at the organisation where a request of one's own was made.

    :raises NotFound: it is somebody else's.
    """
    ctx = rt.current()
    rows = changes.of_request(ctx, request_id)
    if not rows or rows[0].asked_by != ctx.actor.account_id:
        raise NotFound(NOTHING)
    return rt.inside(rows[0].org)
