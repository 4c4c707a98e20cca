"""Own fields of a person's records: out in clear, since they are theirs, and away (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from banyan.kernel.context import Context
from banyan.kernel.sealing import opened
from banyan.modules.people import privacy
from banyan.modules.people.field_models import PURPOSE, MemberField, MemberFieldValue
from banyan.modules.people.models import Member
from banyan.modules.people.services import field_values
from banyan.modules.people.services.field_reading import value_of


def export(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """What the person's records hold in own fields, those put away too."""
    rows = ctx.session.execute(
        select(Member.id, MemberField, MemberFieldValue)
        .join(MemberFieldValue, MemberFieldValue.member_id == Member.id)
        .join(MemberField, MemberField.id == MemberFieldValue.field_id)
        .where(Member.person_id == person_id)
        .order_by(Member.id, MemberField.org_path, MemberField.position, MemberField.id, MemberFieldValue.item)
    )
    return {"own_fields": [_told(member_id, field, held) for member_id, field, held in rows]}


def _told(member_id: UUID, field: MemberField, held: MemberFieldValue) -> dict[str, Any]:
    if held.value_sealed is None:
        text = field_values.said(value_of(field), [held.value])
    else:
        clear = opened(PURPOSE, held.value_sealed, held.id) or held.value
        text = dict(value_of(field).choices).get(clear, clear)
    return {"member_id": str(member_id), "key": field.key, "label": field.label, "value": text}


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Delete what the person's records hold in own fields."""
    records = select(Member.id).where(Member.person_id == person_id)
    gone = ctx.session.execute(
        delete(MemberFieldValue)
        .where(MemberFieldValue.member_id.in_(records))
        .execution_options(synchronize_session=False)
    )
    return {"member_field_value": int(getattr(gone, "rowcount", 0))}


privacy.EXPORTS.append(export)
privacy.ERASURES.append(erase)
