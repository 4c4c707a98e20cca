"""Everything that is held about oneself in a record, by field, and who may see it (ACC-03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.modules.access.services.readers import Reading, readers
from banyan.modules.audit.services import record
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.permissions import MEMBER_READ, SENSITIVE_REVEAL
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services import change_fields, change_values, changes, periods
from banyan.modules.people.services.change_values import Told
from banyan.modules.people.services.changing import subject
from banyan.modules.people.services.field_reading import fields_of
from banyan.modules.tenancy.models import Org

FIXED = ("number", "admitted_on")


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of one's own record.

    :ivar way: how it is changed: ``at_once``, ``ask``, or not by the member. :ivar waiting: a change of it was asked
        for and waits.
    """

    item: str
    label: str
    value: str
    way: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One's own record at one organisation.

    :ivar clear: whether sensitive values are shown in clear. :ivar readers: who may see the record;
        ``revealers``: who may see sensitive values in clear, for a reason that is written down.
    """

    member: Member
    org: Org
    clear: bool
    facts: Sequence[Fact]
    periods: Sequence[tuple[Membership, str]]
    readers: Sequence[Reading]
    revealers: Sequence[Reading]
    changes: Sequence[Told]


def view(ctx: Context, member: Member, *, clear: bool = False) -> OwnRecord:
    """One's own record, which the caller has found with `changes.mine`.

    :param clear: sensitive values as they are: for `show` alone.
    """
    waiting = set(
        ctx.session.scalars(
            select(MemberChange.item).where(MemberChange.member_id == member.id, MemberChange.state == rules.WAITING)
        )
    )
    fields = fields_of(ctx, member.org_path)
    items = (*rules.ASKED, *rules.AT_ONCE, *(rules.CUSTOM + one.key for one in fields))
    by_member = {rules.CUSTOM + one.key for one in fields if one.filled_by == change_fields.BY_MEMBER}
    return OwnRecord(
        member=member,
        org=ctx.session.get_one(Org, member.org_id),
        clear=clear,
        facts=[_fact(ctx, member, item, waiting, clear, by_member) for item in items],
        periods=periods.periods(ctx, member.id),
        readers=readers(ctx, member.org, MEMBER_READ.name),
        revealers=readers(ctx, member.org, SENSITIVE_REVEAL.name),
        changes=[change_values.told(ctx, row) for row in changes.of_member(ctx, member, 20)],
    )


def _fact(ctx: Context, member: Member, item: str, waiting: set[str], clear: bool, by_member: set[str]) -> Fact:
    value = change_values.readable(ctx, member.org_path, item, change_values.current(ctx, member, item), clear=clear)
    at_once = item in rules.AT_ONCE or item in by_member
    way = "at_once" if at_once else "ask" if item in rules.ASKED else ""
    return Fact(item, change_values.label(ctx, item, member.org_path), value, way, item in waiting)


def show(ctx: Context, member: Member) -> OwnRecord:
    """One's own record with sensitive values in clear; that it was shown is written down.

    The caller has made sure that it is the member who sits there.
    """
    record(ctx, "people.own.show", subject(member), org=member.org)
    return view(ctx, member, clear=True)
