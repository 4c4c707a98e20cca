"""Guardians of members under fourteen, and what is shown of those under eighteen (PPL-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from banyan.kernel import masks
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Invalid, NotFound, Refused, Text
from banyan.kernel.files import FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import CANNOT_BE_READ, opened, seal
from banyan.modules.access.decision import require
from banyan.modules.audit.services import record
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.rules import contacts
from banyan.modules.people.services import members
from banyan.modules.people.services.changing import subject
from banyan.modules.privacy.notice_models import GUARDIAN_PHONE, Guardian
from banyan.modules.privacy.permissions import NOTICE_READ, NOTICE_UPDATE
from banyan.modules.privacy.rules import CHILD, RELATIONS, age, born_after, initial, minor


def missing(day: date) -> ColumnElement[bool]:
    """The predicate of members under fourteen without a guardian's consent."""
    guardian = Guardian.__table__.alias("consenting")
    given = guardian.select().where(guardian.c.member_id == Member.id, guardian.c.withdrawn_at.is_(None)).exists()
    return and_(Member.status == "active", Member.birth_date > born_after(CHILD, day), ~given)


def of_member(ctx: Context, member_id: UUID) -> Sequence[Guardian]:
    """The guardians on record of a member, newest first."""
    statement = select(Guardian).where(Guardian.member_id == member_id)
    return ctx.session.scalars(statement.order_by(Guardian.recorded_at.desc(), Guardian.id.desc())).all()


def phone(guardian: Guardian) -> str:
    """The phone of a guardian, masked."""
    text = opened(GUARDIAN_PHONE, guardian.phone_sealed, guardian.id)
    return str(CANNOT_BE_READ) if text is None else masks.phone(text)


def enter(
    ctx: Context, member_id: UUID, data: Mapping[str, Any], document: Sniffed | None, store: FileStore
) -> Guardian:
    """Record that a guardian agreed.

    :param data: ``name``, ``relation``, ``phone``, ``consented_on``. :param document: the signed paper.
    :raises Invalid: with every reason. :raises Refused: a guardian's consent is on record already.
    """
    member = members.find(ctx, member_id, MEMBER_READ)
    require(ctx, NOTICE_UPDATE.name, member.org)
    number = contacts.phone(data["phone"]) if data["phone"] else ""
    wrong: dict[str, list[Text]] = {}
    if number and (problems := contacts.phone_problems(number)):
        wrong["phone"] = problems
    if data["consented_on"] > today(ctx.clock):
        wrong["consented_on"] = [lazy("This date lies in the future.")]
    if data["relation"] not in RELATIONS:
        wrong["relation"] = [lazy("Choose one of the listed values.")]
    if wrong:
        raise Invalid(wrong)
    if any(one.withdrawn_at is None for one in of_member(ctx, member.id)):
        raise Refused(lazy("A guardian’s consent is on record already."))
    identity = new_id()
    kept = keep(ctx, store, member.org, document) if document is not None else None
    ctx.session.flush()
    guardian = Guardian(
        id=identity,
        org_id=member.org_id,
        org_path=member.org_path,
        member_id=member.id,
        person_id=member.person_id,
        name=data["name"],
        relation=data["relation"],
        phone_sealed=seal(GUARDIAN_PHONE, number, identity) if number else None,
        consented_on=data["consented_on"],
        document=kept.id if kept is not None else None,
        recorded_by=ctx.actor.account_id,
        recorded_at=ctx.clock.now(),
    )
    ctx.session.add(guardian)
    ctx.session.flush()
    told = {"relation": guardian.relation, "consented_on": guardian.consented_on}
    record(ctx, "privacy.guardian.create", subject(member), org=member.org, after=told)
    return guardian


def withdraw(ctx: Context, member_id: UUID) -> None:
    """Record that the guardian's consent was withdrawn.

    :raises Refused: none is on record.
    """
    member = members.find(ctx, member_id, MEMBER_READ)
    require(ctx, NOTICE_UPDATE.name, member.org)
    held = [one for one in of_member(ctx, member.id) if one.withdrawn_at is None]
    if not held:
        raise Refused(lazy("No guardian’s consent is on record."))
    for one in held:
        one.withdrawn_at = ctx.clock.now()
    ctx.session.flush()
    record(ctx, "privacy.guardian.withdraw", subject(member), org=member.org)


def paper(ctx: Context, member_id: UUID, guardian_id: UUID) -> StoredFile:
    """The signed paper, for those who may see guardians at the member's organisation.

    :raises NotFound: there is none.
    """
    member = members.find(ctx, member_id, MEMBER_READ)
    require(ctx, NOTICE_READ.name, member.org)
    guardian = ctx.session.get(Guardian, guardian_id)
    row = None
    if guardian is not None and guardian.member_id == member.id and guardian.document is not None:
        row = ctx.session.get(StoredFile, guardian.document)
    if row is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    record(ctx, "privacy.guardian.download", subject(member), org=member.org)
    return row


def shown_name(ctx: Context, member: Member) -> str:
    """The name of a member as somebody may read it who is not of the member's own organisation.

    Of those under eighteen the first character alone; within their own organisation, where the reader may read the
    record, the whole. For lists beyond an organisation and for what is public.
    """
    own = ctx.org is not None and ctx.org.id == member.org_id
    return member.name if own or not minor(member.birth_date, today(ctx.clock)) else initial(member.name)


def is_child(ctx: Context, member: Member) -> bool:
    """Whether a member is known to be under fourteen."""
    return member.birth_date is not None and age(member.birth_date, today(ctx.clock)) < CHILD
