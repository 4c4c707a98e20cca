"""Admit members, find and edit their records (PPL-01); what else happens to them is in the files beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Invalid
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef, Permission
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import record
from banyan.modules.people.events import MemberAdmitted
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_CREATE, MEMBER_READ, MEMBER_UPDATE
from banyan.modules.people.rules import records
from banyan.modules.people.services import ages, field_records, periods, persons, values
from banyan.modules.people.services.changing import apply_changes, find_by, subject
from banyan.modules.people.services.leaving import depart, leave, restore
from banyan.modules.people.services.moving import move
from banyan.modules.people.services.values import Shown, shown
from banyan.modules.people.settings import single_membership
from banyan.modules.tenancy.models import Org

__all__ = [
    "STALE",
    "Shown",
    "admit",
    "apply_changes",
    "changeable",
    "depart",
    "edit",
    "enter",
    "find",
    "is_leaf",
    "leave",
    "move",
    "restore",
    "shown",
    "subject",
]
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def find(ctx: Context, member_id: UUID, permission: Permission = MEMBER_READ) -> Member:
    """A record within reach, decided at its own organisation; raises `NotFound` and `Forbidden` as everywhere."""
    return load(ctx, permission.name, Member, member_id)


def is_leaf(ctx: Context) -> bool:
    """Whether no organisation stands below that of the request."""
    return ctx.session.scalar(select(Org.id).where(Org.parent_id == ctx.here.id).limit(1)) is None


def changeable(ctx: Context, member_id: UUID, version: int | None, permission: Permission = MEMBER_UPDATE) -> Member:
    """A record that the actor may change, held until the transaction ends.

    :param version: the one that was read; None: whatever it is. :raises Conflict: it has changed since.
    """
    member = find(ctx, member_id, permission)
    ctx.session.refresh(member, with_for_update=True)
    require(ctx, permission.name, member.org)
    if version is not None and member.version != version:
        raise Conflict(STALE)
    return member


def admit(ctx: Context, org: OrgRef, data: Mapping[str, Any], *, how: str = "admission") -> Member:
    """Enter a member of ``org``: record, person, first membership, what it is found by.

    A person whom the tree knows by the document is linked, if no other membership stands in the way. What the identity
    number says is filled in where the form says nothing.

    :param data: any of `records.FIELDS`; ``admitted_on`` is today where it is missing; ``fields`` holds own fields by
        key. :param how: how it begins.
    :raises Invalid: with every reason, by field; among them where the person is a member already, for those who may
        know that. :raises Refused: the organisation is no more.
    """
    require(ctx, MEMBER_CREATE.name, org)
    return enter(ctx, org, data, how=how)


def enter(ctx: Context, org: OrgRef, data: Mapping[str, Any], *, how: str = "admission") -> Member:
    """`admit`, where whoever calls has decided that it may be."""
    place = periods.hold_place(ctx, org).ref
    given = records.normalised(data)
    given["admitted_on"] = given.get("admitted_on") or today(ctx.clock)
    own = data.get("fields")
    whole = records.completed({**dict.fromkeys(records.PLAIN, ""), "birth_date": None, "joined_on": None, **given})
    wrong = records.problems(whole, today(ctx.clock)) | field_records.wrong(ctx, place.path, own, complete=True)
    too_young_or_old = ages.refusals(ctx, place, whole.get("birth_date"), whole["admitted_on"])
    if too_young_or_old:
        wrong.setdefault("birth_date", []).extend(too_young_or_old)
    exclusive = single_membership(ctx, place)
    if "document_number" in wrong:
        raise Invalid(wrong)
    person = persons.take(ctx, place, whole["document_type"], whole.get("document_number") or "")
    against = persons.against(ctx, person.id, place, exclusive=exclusive)
    if against:
        wrong["document_number"] = against
    if wrong:
        raise Invalid(wrong)
    now, identity = ctx.clock.now(), new_id()
    member = Member(
        id=identity,
        org_id=place.id,
        org_path=place.path,
        person_id=person.id,
        exclusive=exclusive,
        created_at=now,
        created_by=ctx.actor.account_id,
        updated_at=now,
        **values.columns(identity, whole),
    )
    ctx.session.add(member)
    ctx.session.flush()
    periods.open_period(ctx, member, member.admitted_on, how)
    find_by(ctx, member)
    told = values.visible(whole, [key for key in records.FIELDS if whole.get(key)])
    told |= {label: after for label, (_before, after) in field_records.write(ctx, member, own).items()}
    record(ctx, "people.member.create", subject(member), org=place, after={**told, "how": how})
    publish(ctx, place, MemberAdmitted(str(member.id), str(person.id), how))
    return member


def edit(ctx: Context, member_id: UUID, data: Mapping[str, Any], version: int | None = None) -> Member:
    """Edit a record.

    :param data: any of `records.FIELDS`; sensitive ones that are missing stay. ``clear`` names sensitive fields to be
        emptied; ``fields`` holds own fields by key, those that are missing stay.
    :raises Invalid: with every reason. :raises Conflict: edited since ``version`` was read.
    """
    member = changeable(ctx, member_id, version)
    emptied = {field: "" for field in data.get("clear") or () if not data.get(field)}
    apply_changes(ctx, member, {**{key: data[key] for key in (*records.FIELDS, "fields") if key in data}, **emptied})
    return member
