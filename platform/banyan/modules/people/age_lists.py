"""Members whose age says that they leave, now or soon (PPL-09).

Who the list is about is decided where it is read: the limits in force at the organisation of the request, for types of
organisations that have any. Plan: ``(birth_order, id)``, which the eldest begin; narrow subtrees by ``(org_path)``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, cast, select

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef
from banyan.modules.people.campaign_models import AgeException
from banyan.modules.people.lists import AGE, TODAY
from banyan.modules.people.models import Member
from banyan.modules.tenancy.models import Org

STATES = {"leaves": lazy("Leaves"), "exception": lazy("Exception")}
TONES = {"leaves": "warn", "exception": "ok"}
EXCEPTION = and_(AgeException.member_id == Member.id, AgeException.ended_at.is_(None), AgeException.until >= TODAY)
_EXCEPTED = select(AgeException.member_id).where(EXCEPTION).exists()
STATE: ColumnElement[str] = case((AgeException.id.is_not(None), "exception"), else_="leaves")


def _in_state(value: str) -> ColumnElement[bool]:
    return _EXCEPTED if value == "exception" else ~_EXCEPTED


OVER_AGE = TableDef(
    name="members_over_age",
    title=lazy("Leaving for age"),
    source=Member.__table__.join(Org, Org.id == Member.org_id).outerjoin(AgeException, EXCEPTION),
    identity=Member.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("number", lazy("Member number"), Member.number, "code", shown=False),
        Column("birth_date", lazy("Date of birth"), Member.birth_date, "date"),
        Column("age", lazy("Age"), cast(AGE, Member.version.type), "integer"),
        Column("state", lazy("State"), STATE, "badge", STATES, TONES),
        Column("reason", lazy("Reason of the exception"), AgeException.reason),
        Column("until", lazy("Until"), AgeException.until, "date"),
    ),
    sorts=(
        Sort("birth_date", (Member.birth_order, Member.id)),
        Sort("-birth_date", (Member.birth_order, Member.id), descending=True),
        Sort("name", (Member.sort_name, Member.id)),
    ),
    filters=(
        Filter("state", lazy("State"), "choice", _in_state, lambda _s: list(STATES.items())),
        Filter("born_until", lazy("Born until"), "date", lambda day: Member.birth_date <= day),
    ),
)
