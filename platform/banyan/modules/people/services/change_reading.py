"""Requests and changes as the branch reads them, masked, or in clear for those who may and then on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.modules.access.decision import load, require
from banyan.modules.approvals import services as approvals
from banyan.modules.audit.services import record
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, SENSITIVE_REVEAL
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services import change_values
from banyan.modules.people.services.change_values import Told
from banyan.modules.people.services.changes import NOTHING, of_request
from banyan.modules.people.services.changing import subject
from banyan.modules.tenancy.models import Org


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its items.

    :ivar waiting: the items that are to be answered. :ivar clear: whether sensitive values are shown in clear.
    """

    request_id: UUID
    member: Member
    org_name: str
    items: Sequence[Told]
    clear: bool

    @property
    def waiting(self) -> list[str]:
        """What is to be answered."""
        return [one.item for one in self.items if one.row.state == rules.WAITING]


@dataclass(frozen=True, slots=True)
class Checked:
    """A change that took effect at once."""

    told: Told
    member: Member
    org_name: str
    clear: bool


def asked(ctx: Context, request_id: UUID) -> Asked:
    """A request that the actor may see: whoever reads it, decides it, or asked for it.

    :raises NotFound: it does not exist, is none of theirs, or is no request of this kind.
    """
    request = approvals.find(ctx, request_id)
    return _asked(ctx, request.id, clear=False)


def show_asked(ctx: Context, request_id: UUID) -> Asked:
    """The same with sensitive values in clear. :raises Forbidden: the actor may not read them."""
    found = asked(ctx, request_id)
    require(ctx, SENSITIVE_REVEAL.name, found.member.org)
    after = {"changed_item": [one.item for one in found.items if one.sensitive], "request": str(request_id)}
    record(ctx, "people.change.show", subject(found.member), org=found.member.org, after=after)
    return _asked(ctx, request_id, clear=True)


def _asked(ctx: Context, request_id: UUID, *, clear: bool) -> Asked:
    rows = of_request(ctx, request_id)
    member = ctx.session.get(Member, rows[0].member_id) if rows else None
    if member is None:
        raise NotFound(NOTHING)
    told = [change_values.told(ctx, row, member, clear=clear) for row in rows]
    return Asked(request_id, member, _name(ctx, member), told, clear)


def checked(ctx: Context, change_id: UUID) -> Checked:
    """A change within reach."""
    return _checked(ctx, load(ctx, MEMBER_READ.name, MemberChange, change_id), clear=False)


def show_checked(ctx: Context, change_id: UUID) -> Checked:
    """The same in clear, which is written down."""
    row = load(ctx, SENSITIVE_REVEAL.name, MemberChange, change_id)
    found = _checked(ctx, row, clear=True)
    record(ctx, "people.change.show", subject(found.member), org=row.org, after={"changed_item": [row.item]})
    return found


def _checked(ctx: Context, row: MemberChange, *, clear: bool) -> Checked:
    member = ctx.session.get_one(Member, row.member_id)
    return Checked(change_values.told(ctx, row, member, clear=clear), member, _name(ctx, member), clear)


def _name(ctx: Context, member: Member) -> str:
    return str(ctx.session.scalar(select(Org.name).where(Org.id == member.org_id)) or "")
