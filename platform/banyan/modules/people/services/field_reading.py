"""Which fields hold where: those of an organisation itself and of the levels that lead it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.db.prepared import run
from banyan.kernel.db.session import reading
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.people.field_models import MemberField
from banyan.modules.people.rules.fields import Field
from banyan.plugins.governing import governs

_ANY = "SELECT 1 FROM member_field WHERE org_path = ANY(%(paths)s) LIMIT 1"


def value_of(row: MemberField) -> Field:
    """A definition as a value."""
    return Field(
        id=row.id,
        org_id=row.org_id,
        org_path=row.org_path,
        key=row.key,
        kind=row.kind,
        label=row.label,
        labels=tuple(sorted(row.labels.items())),
        choices=tuple((one["value"], one["label"]) for one in row.choices),
        pattern=row.pattern,
        help=row.help,
        required=row.required,
        unique=row.is_unique,
        sensitive=row.sensitive,
        searchable=row.searchable,
        filled_by=row.filled_by,
        position=row.position,
        archived=row.archived_at is not None,
    )


def fields_of(ctx: Context, org: OrgRef | str, *, archived: bool = False) -> tuple[Field, ...]:
    """The fields that hold at an organisation: those laid down above it first, each level's in their order.

    :param org: the organisation, or its path. :param archived: whether those put away as well.
    """
    place = org if isinstance(org, OrgRef) else OrgRef(UUID(int=0), org)
    # Most have none: asked so, a list costs its page and not a unit of work besides.
    if not run(reading(ctx.session), _ANY, {"paths": lineage(place.path)}):
        return ()
    statement = select(MemberField).where(governs(MemberField.org_path, place))
    if not archived:
        statement = statement.where(MemberField.archived_at.is_(None))
    rows = ctx.session.scalars(statement.order_by(MemberField.org_path, MemberField.position, MemberField.id))
    return tuple(value_of(row) for row in rows)


def laid_down(ctx: Context, org: OrgRef) -> Sequence[MemberField]:
    """All definitions that hold at ``org``, those put away too, as rows."""
    return ctx.session.scalars(
        select(MemberField)
        .where(governs(MemberField.org_path, org))
        .order_by(MemberField.org_path, MemberField.position, MemberField.id)
    ).all()
