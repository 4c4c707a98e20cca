"""What happens to members when organisations are merged, and what they have against a revocation (ORG-05, ORG-04)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import aliased

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.people.models import Member, Membership
from banyan.modules.tenancy.models import Org

_SHOWN = 10


def merge(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """End the memberships of ``org`` and begin them anew at ``into``, whose members its records become afterwards.

    Past memberships stay with the organisation they were in. A member number that both have gets the code of the
    organisation that ends.

    :raises Refused: somebody is a member of both; the two records have to be put together first.
    """
    _refuse_twice(ctx, org, into)
    _rename_numbers(ctx, org, into)
    day = today(ctx.clock)
    open_here = (Membership.org_id == org.id, Membership.ended_on.is_(None))
    found = ctx.session.execute(
        select(Membership.member_id, Membership.person_id, Membership.began_on).where(*open_here)
    ).all()
    # Who was admitted for a day to come is a member of the other one from that day on.
    ended = update(Membership).where(*open_here).values(ended_on=func.greatest(day, Membership.began_on))
    ctx.session.execute(ended.values(ended_by="merge").execution_options(synchronize_session=False))
    if not found:
        return
    rows = [
        {
            "id": new_id(),
            "org_id": into.id,
            "org_path": into.path,
            "member_id": member_id,
            "person_id": person_id,
            "began_on": max(day, began_on),
            "began_by": "merge",
        }
        for member_id, person_id, began_on in found
    ]
    ctx.session.execute(insert(Membership), rows)


def _refuse_twice(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    there = aliased(Member)
    names = ctx.session.scalars(
        select(Member.name)
        .join(there, there.person_id == Member.person_id)
        .where(Member.org_id == org.id, Member.status == "active", there.org_id == into.id, there.status == "active")
        .order_by(Member.sort_name)
        .limit(_SHOWN)
    ).all()
    if names:
        shown = ", ".join(names)
        raise Refused(
            lazy("These are members of both organisations: %(names)s. Note that they leave one.", names=shown)
        )


def _rename_numbers(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    there = select(Member.number).where(Member.org_id == into.id, Member.number != "")
    code = ctx.session.scalar(select(Org.code).where(Org.id == org.id))
    ctx.session.execute(
        update(Member)
        .where(Member.org_id == org.id, Member.number.in_(there))
        .values(number=Member.number + f"-{code}", version=Member.version + 1)
        .execution_options(synchronize_session=False)
    )


def against_revocation(ctx: Context, org: OrgRef) -> Sequence[Text]:
    """Members stand in the way: they are transferred, or leave, first."""
    number = ctx.session.scalar(
        select(func.count()).select_from(Member).where(Member.org_id == org.id, Member.status == "active")
    )
    if not number:
        return ()
    return (lazy("It has %(n)s members. Have them transferred, or note that they left, first.", n=number),)
