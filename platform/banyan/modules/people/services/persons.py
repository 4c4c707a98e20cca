"""The human beings behind records: found again by their document, and kept from being entered twice (PPL-01)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import blind_indexes
from banyan.kernel.treepath import ancestors, lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import may
from banyan.modules.people.models import Member, Person, document_text
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services.values import document_index
from banyan.modules.tenancy.models import Org


class Standing(NamedTuple):
    """A record of a person, wherever it is: where, and how it stands. Nothing that can be read."""

    member_id: UUID
    org: OrgRef
    status: str
    exclusive: bool


def standings(ctx: Context, person_id: UUID) -> list[Standing]:
    """All records of a person in the whole tree, the oldest first, whatever the session sees."""
    rows = ctx.session.execute(
        text("SELECT member_id, org_id, org_path, status, exclusive FROM person_records(:who)"), {"who": person_id}
    )
    return [Standing(row[0], OrgRef(row[1], row[2]), row[3], row[4]) for row in rows]


def root_of(ctx: Context, org: OrgRef) -> UUID:
    """The root organisation of the tree that ``org`` stands in."""
    return ctx.session.scalars(select(Org.id).where(Org.path == lineage(org.path)[0])).one()


def with_document(ctx: Context, root_id: UUID, kind: str, number: str) -> Person | None:
    """The person of a tree who has this document; held against others until the transaction ends."""
    found = blind_indexes("people.document", document_text(number, {"document_type": kind}))
    statement = select(Person).where(
        Person.root_id == root_id, Person.document_index.in_(found), Person.merged_into.is_(None)
    )
    return ctx.session.scalars(statement.with_for_update(key_share=True)).first()


def take(ctx: Context, org: OrgRef, kind: str, number: str) -> Person:
    """The person with this document, made if the tree does not know it yet; a new one where there is no document.

    Two who enter the same document at the same instant wait for each other here: both get the same person.
    """
    root_id = root_of(ctx, org)
    if not number:
        return _new(ctx, root_id)
    known = with_document(ctx, root_id, kind, number)
    if known is not None:
        return known
    statement = insert(Person).values(
        id=new_id(), root_id=root_id, document_index=document_index(kind, number), created_at=ctx.clock.now()
    )
    unique = [Person.root_id, Person.document_index]
    ctx.session.execute(
        statement.on_conflict_do_nothing(index_elements=unique, index_where=Person.merged_into.is_(None))
    )
    known = with_document(ctx, root_id, kind, number)
    if known is None:
        raise Invalid({"document_number": [TAKEN]})
    return known


def _new(ctx: Context, root_id: UUID) -> Person:
    person = Person(root_id=root_id, document_index=None, created_at=ctx.clock.now())
    ctx.session.add(person)
    ctx.session.flush()
    return person


TAKEN: Text = lazy("This document was registered in this tree at the same moment. Please try again.")


def against(ctx: Context, person_id: UUID, org: OrgRef, *, exclusive: bool, but: UUID | None = None) -> list[Text]:
    """Why the person cannot have (another) active record at ``org``.

    :param exclusive: nobody may be in two organisations. :param but: a record that does not count.
    """
    found: list[Text] = []
    for one in standings(ctx, person_id):
        if one.member_id == but or one.status == "merged":
            continue
        if one.org.id == org.id:
            found.append(_HERE if one.status == "active" else _WAS_HERE)
        elif one.status == "active" and exclusive:
            found.append(elsewhere(ctx, one.org, org))
    return found


_HERE = lazy("This person is a member of this organisation already.")
_WAS_HERE = lazy("This person was a member of this organisation before. Restore that record instead.")


def elsewhere(ctx: Context, there: OrgRef, here: OrgRef) -> Text:
    """That a person is a member ``there``: where that is for those who may know, and else whom to ask."""
    if may(ctx, MEMBER_READ.name, there):
        name = ctx.session.scalar(select(Org.name).where(Org.id == there.id))
        said: Text = lazy("This person is a member of %(name)s already. Have the membership transferred.", name=name)
        return said
    common = [path for path in (*ancestors(there.path), there.path) if here.path.startswith(path)]
    name = ctx.session.scalar(select(Org.name).where(Org.path == common[-1])) if common else ""
    said = lazy("This document is registered in this tree already. Ask %(name)s, which stands above both.", name=name)
    return said


def set_document(ctx: Context, person_id: UUID, org: OrgRef, kind: str, number: str, but: UUID) -> None:
    """A record's document was corrected: the person is found by the new one from now on.

    :param but: the record that is corrected.
    :raises Invalid: another person has this document; the reason says where that one is a member, or that the two
        records have to be put together.
    """
    person = ctx.session.get_one(Person, person_id, with_for_update=True)
    if not number:
        if len(standings(ctx, person_id)) == 1:
            person.document_index = None
        return
    other = with_document(ctx, person.root_id, kind, number)
    if other is None:
        person.document_index = document_index(kind, number)
    elif other.id != person_id:
        raise Invalid({"document_number": _other(ctx, other.id, org)})


def _other(ctx: Context, person_id: UUID, org: OrgRef) -> list[Text]:
    active = [one for one in standings(ctx, person_id) if one.status == "active"]
    if not active:
        return [lazy("Somebody else is known by this document who is no member now. Put the two records together.")]
    return [_HERE if one.org.id == org.id else elsewhere(ctx, one.org, org) for one in active]


def against_return(ctx: Context, member: Member) -> list[Text]:
    """Why somebody who left cannot be a member of the same organisation again."""
    found: list[Text] = []
    for one in standings(ctx, member.person_id):
        if one.member_id == member.id or one.status != "active":
            continue
        if one.org.id == member.org_id:
            found.append(_HERE)
        elif member.exclusive and one.exclusive:
            found.append(elsewhere(ctx, one.org, member.org))
    return found
