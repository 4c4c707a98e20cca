"""Sensitive data in clear: with the right, with a reason, for this answer alone, and written down (PPL-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.clock import SHANGHAI, today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import CANNOT_BE_READ
from banyan.kernel.tables import day_start
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, SENSITIVE_REVEAL
from banyan.modules.people.services import members, values
from banyan.modules.privacy import settings
from banyan.modules.privacy.events import DataSeen, ManyLooksSeen
from banyan.modules.privacy.models import Look, ManyLooks
from banyan.modules.privacy.rules import LONGEST_NOTE, REASONS, SHORTEST_NOTE
from banyan.modules.privacy.services import consents

FIELD_LABELS: Mapping[str, Text] = {
    "document_number": lazy("Document number"),
    "phone": lazy("Phone"),
    "email": lazy("E-mail"),
    "address": lazy("Address"),
}


# What a membership does not rest on: not shown any more once the consent to sensitive data was withdrawn (PPL-10).
OPTIONAL = frozenset({"email", "address"})
WITHDRAWN: Text = lazy("The member has withdrawn the consent: e-mail and address are no longer shown.")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was asked for, in clear; "" for what the record does not hold."""

    member: Member
    values: Mapping[str, str]


def reveal(ctx: Context, member_id: UUID, data: Mapping[str, Any], *, how: str) -> Seen:
    """Sensitive fields of a member in clear, once the look is written down in the same transaction.

    :param data: ``fields``, ``reason`` (a key of `REASONS`) and ``note``. :param how: ``page`` or ``api``.
    :raises NotFound: :raises Forbidden: as everywhere, decided at the member's organisation.
    :raises Invalid: no field, an unknown one, or no reason.
    """
    member = members.find(ctx, member_id, MEMBER_READ)
    decision = require(ctx, SENSITIVE_REVEAL.name, member.org)
    fields = checked(data)
    if set(fields) & OPTIONAL and consents.withdrawn(ctx, member.id):
        raise Invalid({"fields": [WITHDRAWN]})
    found = {field: values.clear(member, field) for field in fields}
    told = {"look_fields": fields, "look_reason": data["reason"], "look_note": data["note"]}
    subject = Subject("member", str(member.id), member.name)
    record(replace(ctx, decision=decision), "privacy.member.reveal", subject, org=member.org, after=told)
    note_look(ctx, member, fields, data, how)
    publish(ctx, member.org, DataSeen(str(member.id), str(ctx.actor.account_id or ""), how))
    count(ctx, member.org)
    return Seen(member, {key: str(CANNOT_BE_READ) if text is None else text for key, text in found.items()})


def checked(data: Mapping[str, Any]) -> list[str]:
    """The fields that are asked for, in their order.

    :raises Invalid: with every reason against what is asked.
    """
    wrong: dict[str, list[Text]] = {}
    fields = [field for field in FIELD_LABELS if field in data["fields"]]
    if not fields or set(data["fields"]) - set(FIELD_LABELS):
        wrong["fields"] = [lazy("Choose what you have to see.")]
    if data["reason"] not in REASONS:
        wrong["reason"] = [lazy("Choose one of the listed values.")]
    if not SHORTEST_NOTE <= len(data["note"].strip()) <= LONGEST_NOTE:
        wrong["note"] = [lazy("Say in a few words what you need it for.")]
    if wrong:
        raise Invalid(wrong)
    return fields


def note_look(ctx: Context, member: Member, fields: Sequence[str], data: Mapping[str, Any], how: str) -> None:
    """Write a look down."""
    ctx.session.add(
        Look(
            org_id=member.org_id,
            org_path=member.org_path,
            member_id=member.id,
            person_id=member.person_id,
            account_id=ctx.actor.account_id,
            account_name=ctx.actor.name,
            at=ctx.clock.now(),
            how=how,
            fields=list(fields),
            reason=data["reason"],
            note=data["note"],
        )
    )
    ctx.session.flush()


def count(ctx: Context, org: OrgRef) -> None:
    """Tell the organisation once a day that an account looks at more members than its setting says."""
    if ctx.actor.account_id is None:
        return
    most, day = settings.looks_a_day(ctx, org), today(ctx.clock)
    looked = _looked_at(ctx, org, day)
    if looked <= most:
        return
    told = insert(ManyLooks).values(
        id=new_id(),
        org_id=org.id,
        org_path=org.path,
        account_id=ctx.actor.account_id,
        account_name=ctx.actor.name,
        day=day,
        looks=looked,
    )
    key = [ManyLooks.account_id, ManyLooks.day, ManyLooks.org_id]
    first = ctx.session.scalar(told.on_conflict_do_nothing(index_elements=key).returning(ManyLooks.id))
    if first is None:
        kept = select(ManyLooks).where(
            ManyLooks.account_id == ctx.actor.account_id, ManyLooks.day == day, ManyLooks.org_id == org.id
        )
        ctx.session.scalars(kept.with_for_update()).one().looks = looked
        return
    subject = Subject("account", str(ctx.actor.account_id), ctx.actor.name)
    record(ctx, "privacy.looks.many", subject, org=org, after={"looks": looked})
    publish(ctx, org, ManyLooksSeen(str(ctx.actor.account_id), looked))


def _looked_at(ctx: Context, org: OrgRef, day: date) -> int:
    statement = select(func.count(Look.member_id.distinct())).where(
        Look.account_id == ctx.actor.account_id, Look.at >= day_start(day), Look.org_path.startswith(org.path)
    )
    return int(ctx.session.scalar(statement) or 0)


def warnings(ctx: Context, most: int = 20) -> Sequence[ManyLooks]:
    """Accounts that looked at many members lately, at the organisation of the request and below; newest first."""
    inside = ManyLooks.org_path.startswith(ctx.here.path)
    statement = select(ManyLooks).where(inside).order_by(ManyLooks.day.desc(), ManyLooks.id.desc()).limit(most)
    return ctx.session.scalars(statement).all()


def about(ctx: Context, person_id: UUID, most: int = 200) -> Sequence[Look]:
    """Who looked at the data of a person, for that person: newest first."""
    statement = select(Look).where(Look.person_id == person_id).order_by(Look.at.desc(), Look.id.desc()).limit(most)
    return ctx.session.scalars(statement).all()


def shown_day(look: Look) -> date:
    """The day of a look in Shanghai."""
    return look.at.astimezone(SHANGHAI).date()
