"""Pairs of records that are probably of one person.

Plan: three joins of the records within reach with themselves, each over a hash of one equality (document, phone, name
and date of birth); it reads every record within reach once for each, which is what finding duplicates among them
asks for.
Nothing but equality of blind indexes is compared: no document number or phone is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, select, union_all
from sqlalchemy.orm import aliased

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef
from banyan.modules.access.decision import visible
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import PERSON_MERGE
from banyan.modules.people.rules import choices
from banyan.modules.tenancy.models import Org

WHY: Mapping[str, Text] = {
    "1": lazy("Same document"),
    "2": lazy("Same name and date of birth"),
    "3": lazy("Same phone"),
}
_one, _other = (Member.__table__.alias(name) for name in ("one", "other"))


def _alike(rank: int, *same: ColumnElement[bool]) -> Any:
    """Pairs of records of different persons for one reason; each pair once, the older record first."""
    return select(_one.c.id.label("one_id"), _other.c.id.label("other_id"), literal(rank).label("rank")).where(
        _one.c.id < _other.c.id,
        _one.c.person_id != _other.c.person_id,
        *(side.c.status != "merged" for side in (_one, _other)),
        *(side.c.erased_at.is_(None) for side in (_one, _other)),
        *same,
    )


_found = union_all(
    _alike(1, _one.c.document_index == _other.c.document_index),
    _alike(2, and_(_one.c.name == _other.c.name, _one.c.birth_date == _other.c.birth_date)),
    _alike(3, _one.c.phone_index == _other.c.phone_index),
).subquery("found")
_pairs = (
    select(_found.c.one_id, _found.c.other_id, func.min(_found.c.rank).label("rank"))
    .group_by(_found.c.one_id, _found.c.other_id)
    .subquery("pairs")
)
_first, _second = aliased(Member, name="first"), aliased(Member, name="second")
_here, _there = aliased(Org, name="here"), aliased(Org, name="there")


def seen(ctx: Context) -> ColumnElement[bool]:
    """The pairs of which the reader may put both records together."""
    sides = (visible(ctx, PERSON_MERGE.name, side.org_path, within=ctx.here) for side in (_first, _second))
    return and_(*sides)


DUPLICATES = TableDef(
    name="duplicates",
    title=lazy("Probably one person"),
    source=_pairs.join(_first, _first.id == _pairs.c.one_id)
    .join(_second, _second.id == _pairs.c.other_id)
    .join(_here, _here.id == _first.org_id)
    .join(_there, _there.id == _second.org_id),
    identity=cast(_pairs.c.one_id, String) + "_" + cast(_pairs.c.other_id, String),
    columns=(
        Column("name", lazy("Full name"), _first.name, "link"),
        Column("org_name", lazy("Organisation"), _here.name),
        Column("status", lazy("Status"), _first.status, "badge", choices.STATUSES, choices.STATUS_TONES),
        Column("other_name", lazy("Other record"), _second.name),
        Column("other_org_name", lazy("Its organisation"), _there.name),
        Column("other_status", lazy("Its status"), _second.status, "badge", choices.STATUSES, choices.STATUS_TONES),
        Column("why", lazy("Why"), cast(_pairs.c.rank, String), "badge", WHY, {"1": "seal", "2": "warn"}),
        Column("birth_date", lazy("Date of birth"), _first.birth_date, "date", shown=False),
        Column("first", lazy("Id of the record"), cast(_first.id, String), "code", shown=False),
        Column("second", lazy("Id of the other record"), cast(_second.id, String), "code", shown=False),
    ),
    sorts=(Sort("name", (_first.sort_name, _pairs.c.one_id, _pairs.c.other_id)),),
    filters=(
        Filter(
            "why",
            lazy("Why"),
            "choice",
            lambda value: cast(_pairs.c.rank, String) == value,
            lambda _session: list(WHY.items()),
        ),
    ),
)
