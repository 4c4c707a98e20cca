"""What the registry holds about a person, and how it forgets them (PPL-07).

Rooms of this module that keep something about a person append what they export and erase to `EXPORTS` and `ERASURES`;
they see the whole tree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from banyan.kernel.context import Context
from banyan.modules.people.models import Member, Membership, MemberToken, Person
from banyan.modules.people.services import values
from banyan.modules.tenancy.models import Org

EXPORTS: list[Callable[[Context, UUID], dict[str, Any]]] = []
ERASURES: list[Callable[[Context, UUID], dict[str, int]]] = []
_TEXTS = ("name", "sort_name", "number", "gender", "ethnicity", "document_type", "workplace", "occupation")
_MORE_TEXTS = ("education", "political_status", "interests", "joining_place")
_NOTHING = ("birth_date", "joined_on", "account_id", *(f"{one}_sealed" for one in values.COLUMNS.values()))
_INDEXES = ("document_index", "phone_index", "email_index")


def export(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Every record and membership of a person, in clear: it is theirs."""
    rows = ctx.session.execute(
        select(Member, Org.name).join(Org, Org.id == Member.org_id).where(Member.person_id == person_id)
    ).all()
    found: dict[str, Any] = {
        "members": [
            {
                "organisation": name,
                **{key: _plain(value) for key, value in values.record_of(member).items()},
                **{key: _plain(getattr(member, key)) for key in ("id", "status", "review", "kind", "created_at")},
            }
            for member, name in rows
        ],
        "memberships": [
            {
                "organisation": name,
                **{
                    key: _plain(getattr(period, key))
                    for key in ("began_on", "began_by", "reason", "ended_on", "ended_by", "ended_reason")
                },
            }
            for period, name in ctx.session.execute(
                select(Membership, Org.name)
                .join(Org, Org.id == Membership.org_id)
                .where(Membership.person_id == person_id)
                .order_by(Membership.began_on, Membership.id)
            )
        ],
    }
    for more in EXPORTS:
        found |= more(ctx, person_id)
    return found


def _plain(value: Any) -> Any:
    return (
        value.isoformat() if isinstance(value, (date, datetime)) else str(value) if isinstance(value, UUID) else value
    )


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Take everything readable out of a person's records; which organisations they were in, and when, remains.

    Memberships lose nothing: they hold days and kinds. Reasons that were typed stay part of the organisation's account
    of what it decided.
    """
    found: dict[str, int] = {}
    for more in ERASURES:
        for table, number in more(ctx, person_id).items():
            found[table] = found.get(table, 0) + number
    members = ctx.session.scalars(select(Member).where(Member.person_id == person_id).with_for_update()).all()
    for member in members:
        for key in (*_TEXTS, *_MORE_TEXTS):
            setattr(member, key, "")
        for key in (*_NOTHING, *_INDEXES):
            setattr(member, key, None)
        member.erased_at = member.updated_at = ctx.clock.now()
    tokens = delete(MemberToken).where(MemberToken.member_id.in_([member.id for member in members]))
    ctx.session.execute(tokens.execution_options(synchronize_session=False))
    person = ctx.session.get(Person, person_id)
    if person is not None:
        person.document_index = None
    ctx.session.flush()
    return {**found, "member": len(members)}
