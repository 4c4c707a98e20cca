"""Deputies: who stands in for whom, where, for how long (APR-01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import day_after, day_start
from banyan.modules.access import neighbours, policy, rules
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.neighbours import AccountRow
from banyan.modules.approvals import registry
from banyan.modules.approvals.events import DelegationChanged, tell
from banyan.modules.approvals.models import ApprovalDelegation
from banyan.modules.approvals.permissions import INBOX_READ
from banyan.modules.approvals.services.seats import held_at
from banyan.modules.audit.services import Subject, record

LONGEST_DAYS = 366
OFFERED = 100


def delegate(ctx: Context, data: Mapping[str, Any]) -> ApprovalDelegation:
    """Name a deputy at the organisation of the request, from one day to another, for all flows or some.

    The deputy may decide there what the delegator may, as long as the delegator may; and hands nothing on.

    :param data: of `DelegationCreate`. :raises Invalid: with every reason.
    :raises Refused: there is nothing to hand over, or the same deputy is named for that time already.
    """
    deputy = neighbours.account_named(ctx, data["deputy"])
    first = data["start"] or today(ctx.clock)
    _check(ctx, data, deputy)
    assert deputy is not None
    me = ctx.actor.account_id
    if me is None or not held_at(ctx.actor.grants, ctx.actor.policy, ctx.here):
        raise Refused(lazy("You decide nothing at this organisation that a deputy could decide for you."))
    start = max(day_start(first), ctx.clock.now())
    end = day_after(data["until"])
    neighbours.account(ctx, me, lock=True)  # two windows at once do not name the same deputy twice
    _refuse_twice(ctx, deputy, start, end)
    row = ApprovalDelegation(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        delegator_id=me,
        deputy_id=deputy.id,
        flows=sorted(set(data["flows"])),
        not_before=start,
        not_after=end,
        note=data["note"],
        created_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    after = {"deputy": deputy.sign_in_name, "flows": row.flows, "not_before": start, "not_after": end}
    record(ctx, "approvals.delegation.create", _subject(ctx, row), org=row.org, after=after)
    tell(ctx, row.org, DelegationChanged(str(row.id), str(me), str(deputy.id), ended=False))
    return row


def end(ctx: Context, delegation_id: UUID) -> ApprovalDelegation:
    """End a delegation early, from this instant on: the delegator, or the deputy who cannot.

    :raises NotFound: it is somebody else's. :raises Conflict: it is over already.
    """
    row = find(ctx, delegation_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.ended_at is not None or row.not_after <= ctx.clock.now():
        raise Conflict(lazy("This delegation is over already."))
    row.ended_at, row.ended_by = ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    record(
        ctx, "approvals.delegation.end", _subject(ctx, row), org=row.org,
        before={"ended_at": None}, after={"ended_at": row.ended_at},
    )  # fmt: skip
    tell(ctx, row.org, DelegationChanged(str(row.id), str(row.delegator_id), str(row.deputy_id), ended=True))
    return row


def find(ctx: Context, delegation_id: UUID) -> ApprovalDelegation:
    """One of the actor's own delegations, given or received, at the organisation of the request.

    :raises NotFound: everything else.
    """
    row = ctx.session.get(ApprovalDelegation, delegation_id)
    me = ctx.actor.account_id
    if row is None or me is None or me not in (row.delegator_id, row.deputy_id) or row.org_id != ctx.here.id:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return row


def colleagues(ctx: Context) -> list[tuple[str, str]]:
    """Sign-in name and name of those who hold a role at the organisation of the request, without the actor."""
    now = ctx.clock.now()
    held = select(RoleGrant.account_id).where(
        RoleGrant.org_id == ctx.here.id,
        RoleGrant.ended_at.is_(None),
        RoleGrant.not_before <= now,
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
    )
    accounts = neighbours.ACCOUNT.c
    statement = select(accounts.sign_in_name, accounts.display_name).where(
        accounts.id.in_(held), accounts.id != ctx.actor.account_id, accounts.status == "active"
    )
    return [(row[0], row[1]) for row in ctx.session.execute(statement.order_by(accounts.sign_in_name).limit(OFFERED))]


def mine(ctx: Context) -> ColumnElement[bool]:
    """The predicate of delegations the actor gave or received, wherever that was."""
    me = ctx.actor.account_id
    return or_(ApprovalDelegation.delegator_id == me, ApprovalDelegation.deputy_id == me)


def _check(ctx: Context, data: Mapping[str, Any], deputy: AccountRow | None) -> None:
    problems: dict[str, list[Text]] = {}
    if deputy is None or deputy.status != "active" or not _works_here(ctx, deputy.id):
        problems["deputy"] = [lazy("There is no such account that works at this organisation.")]
    elif deputy.id == ctx.actor.account_id:
        problems["deputy"] = [lazy("Nobody is their own deputy.")]
    first, last = data["start"] or today(ctx.clock), data["until"]
    late: list[Text] = []
    if last < today(ctx.clock):
        late.append(lazy("This date lies in the past."))
    if last < first:
        late.append(lazy("It would end before it begins."))
    if (last - first).days >= LONGEST_DAYS:
        late.append(lazy("A deputy is named for at most one year."))
    if late:
        problems["until"] = late
    unknown = set(data["flows"]) - registry.flows().keys()
    if unknown:
        problems["flows"] = [lazy("Choose from the listed values only.")]
    if problems:
        raise Invalid(problems)


def _works_here(ctx: Context, account_id: UUID) -> bool:
    """Whether an account can open the inbox here: a deputy who cannot would leave everything lying."""
    grants, meaning = policy.authority(ctx.session, policy.store(), account_id, ctx.clock.now())
    return rules.decide(grants, meaning, INBOX_READ.name, ctx.here.path).allowed


def _refuse_twice(ctx: Context, deputy: AccountRow, start: Any, end: Any) -> None:
    same = select(ApprovalDelegation.id).where(
        ApprovalDelegation.delegator_id == ctx.actor.account_id,
        ApprovalDelegation.deputy_id == deputy.id,
        ApprovalDelegation.org_id == ctx.here.id,
        ApprovalDelegation.ended_at.is_(None),
        ApprovalDelegation.not_before < end,
        ApprovalDelegation.not_after > start,
    )
    if ctx.session.scalar(same.limit(1)) is not None:
        raise Refused(lazy("%(name)s is your deputy here for a part of that time already.", name=deputy.display_name))


def _subject(ctx: Context, row: ApprovalDelegation) -> Subject:
    names = [neighbours.account(ctx, identity) for identity in (row.delegator_id, row.deputy_id)]
    return Subject("delegation", str(row.id), " → ".join(name.sign_in_name for name in names if name))
