"""Decisions to revoke, by the day they are due.

Plans: by ``(due_on, id)`` for wide subtrees, ``(org_path)`` for narrow ones; both are indexed, and the table is small:
revocations are rare.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, func

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.models import Org

STANDING: Mapping[str, Text] = {
    "open": lazy("To be done"),
    "overdue": lazy("Overdue"),
    "done": lazy("Done in time"),
    "late": lazy("Done late"),
    "withdrawn": lazy("Withdrawn"),
}
TONES = {"open": "warn", "overdue": "seal", "done": "ok", "late": "warn"}
ACTS: Mapping[str, Text] = {"revoked": lazy("Revocation"), "deregistered": lazy("Deregistration")}

_TODAY = cast(func.timezone("Asia/Shanghai", NOW), Date)
_WAITING = and_(OrgRevocation.done_on.is_(None), OrgRevocation.withdrawn_at.is_(None))
# The same as `life_rules.punctuality`, for lists.
_BY_STANDING: Mapping[str, ColumnElement[bool]] = {
    "withdrawn": OrgRevocation.withdrawn_at.is_not(None),
    "late": OrgRevocation.done_on > OrgRevocation.due_on,
    "done": OrgRevocation.done_on <= OrgRevocation.due_on,
    "overdue": and_(_WAITING, OrgRevocation.due_on < _TODAY),
    "open": and_(_WAITING, OrgRevocation.due_on >= _TODAY),
}
_standing_now: ColumnElement[Any] = case(*((where, name) for name, where in _BY_STANDING.items()), else_="open")


def _standing(value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _standing_now == value
    return _BY_STANDING.get(value, found)


def _until(day: date) -> ColumnElement[bool]:
    return OrgRevocation.due_on <= day


REVOCATIONS = TableDef(
    name="tenancy.revocations",
    title=lazy("Revocations"),
    source=OrgRevocation.__table__.join(Org, Org.id == OrgRevocation.org_id),
    identity=OrgRevocation.id,
    columns=(
        Column("name", lazy("Name"), Org.name, "link"),
        Column("code", lazy("Code"), Org.code, "code"),
        Column("act", lazy("Act"), OrgRevocation.act, "badge", labels=ACTS),
        Column("decided_on", lazy("Decided on"), OrgRevocation.decided_on, "date"),
        Column("number", lazy("Number of the decision"), OrgRevocation.number, shown=False),
        Column("due_on", lazy("Due on"), OrgRevocation.due_on, "date"),
        Column("done_on", lazy("Done on"), OrgRevocation.done_on, "date"),
        Column("standing", lazy("Status"), _standing_now, "badge", labels=STANDING, tones=TONES),
    ),
    sorts=(
        Sort("due", (OrgRevocation.due_on, OrgRevocation.id)),
        Sort("-due", (OrgRevocation.due_on, OrgRevocation.id), descending=True),
    ),
    filters=(
        Filter("standing", lazy("Status"), "choice", _standing, lambda _session: list(STANDING.items())),
        Filter("until", lazy("Due until"), "date", _until),
    ),
)
