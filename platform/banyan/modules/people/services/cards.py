"""What other modules may read of members: small values, no records, nothing sensitive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import visible
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import own


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A member as other modules know one.

    :ivar account_id: None for who has no sign-in. :ivar org: where the record is now.
    :ivar active: whether the membership lasts.
    """

    id: UUID
    person_id: UUID
    account_id: UUID | None
    name: str
    org: OrgRef
    active: bool


_COLUMNS: tuple[Any, ...] = (
    Member.id,
    Member.person_id,
    Member.account_id,
    Member.name,
    Member.org_id,
    Member.org_path,
    Member.status,
)


def members_by_id(ctx: Context, ids: Iterable[UUID]) -> dict[UUID, MemberCard]:
    """Cards of those of the members ``ids`` that the session sees. One statement."""
    wanted = list(ids)
    return {card.id: card for card in _cards(ctx, select(*_COLUMNS).where(Member.id.in_(wanted)))} if wanted else {}


def members_called(ctx: Context, text: str, most: int) -> list[MemberCard]:
    """Active members within the reader's reach at the organisation of the request, by whole name or member number."""
    wanted = text.strip()
    seen = visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here)
    called = or_(Member.name == wanted, Member.number == wanted)
    statement = select(*_COLUMNS).where(called, Member.status == "active", seen)
    return _cards(ctx, statement.order_by(Member.sort_name, Member.id).limit(most)) if wanted else []


def member_of_account(ctx: Context, account_id: UUID) -> MemberCard | None:
    """The card of an account's active record, the oldest if there are several; None for who is no member."""
    statement = select(*_COLUMNS).where(Member.account_id == account_id, Member.status == "active")
    return next(iter(_cards(ctx, statement.order_by(Member.admitted_on, Member.id).limit(1))), None)


def my_records(ctx: Context) -> list[MemberCard]:
    """Cards of the actor's own active records, wherever they are; the oldest first."""
    return [
        MemberCard(one.id, one.person_id, one.account_id, one.name, one.org, _lasts(one.status))
        for one in own.records(ctx)
    ]


def _cards(ctx: Context, statement: Select[Any]) -> list[MemberCard]:
    return [
        MemberCard(
            one.id, one.person_id, one.account_id, one.name, OrgRef(one.org_id, one.org_path), _lasts(one.status)
        )
        for one in ctx.session.execute(statement)
    ]


def _lasts(status: str) -> bool:
    return status == "active"
