"""The list of changes that members made or asked for: the branch's, and that of every level above (PPL-02).

Plans, as ``banyan_app``: in the order of deadlines it walks ``(order_on, id)`` where the reach is wide and
``(org_path, order_on, id)`` where it is narrow, what is done behind what is open; newest first, ``(asked_at, id)``
backwards. The counts of a level read ``(org_path, due_on)`` of the open ones alone. Joins are by primary key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, literal
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Session

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.tables import Choices, Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.access.decision import visible
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_EXPORT, MEMBER_READ
from banyan.modules.people.rules import changes as rules
from banyan.modules.tenancy.models import Org

TODAY = bindparam("today", callable_=lambda: today(runtime().clock), type_=Date)
URGENCY = case(
    (MemberChange.is_open.is_(False), literal("closed", SqlText())),
    (MemberChange.due_on < TODAY, literal("overdue", SqlText())),
    else_=literal("open", SqlText()),
)


def _choices(found: Mapping[str, Text]) -> Choices:
    def choices(_session: Session) -> Sequence[tuple[str, Text]]:
        return list(found.items())

    return choices


def _urgency(value: str) -> ColumnElement[bool]:
    late = MemberChange.due_on < TODAY
    if value == "closed":
        return MemberChange.is_open.is_(False)
    return and_(MemberChange.is_open, late if value == "overdue" else ~late)


def seen(ctx: Context) -> ColumnElement[bool]:
    """Changes of members of the organisation of the request and below that the reader may see."""
    return visible(ctx, MEMBER_READ.name, MemberChange.org_path, within=ctx.here)


def _exported(ctx: Context) -> ColumnElement[bool]:
    return and_(seen(ctx), visible(ctx, MEMBER_EXPORT.name, MemberChange.org_path, within=ctx.here))


CHANGES = TableDef(
    name="people_changes",
    title=lazy("Changes by members"),
    source=MemberChange.__table__.join(Member, Member.id == MemberChange.member_id).join(
        Org, Org.id == MemberChange.org_id
    ),
    identity=MemberChange.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("item", lazy("What changes"), MemberChange.item, labels=rules.LABELS),
        Column("kind", lazy("Way"), MemberChange.kind, labels=rules.KINDS),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("asked_at", lazy("Asked at"), MemberChange.asked_at, "datetime"),
        Column("due_on", lazy("Due on"), MemberChange.due_on, "date"),
        Column("state", lazy("State"), MemberChange.state, "badge", rules.STATES, rules.STATE_TONES),
        Column("urgency", lazy("Deadline"), URGENCY, "badge", rules.URGENCIES, {"overdue": "seal"}),
        Column("decided_at", lazy("Done at"), MemberChange.decided_at, "datetime", shown=False),
        Column("member_id", lazy("Id of the record"), MemberChange.member_id, "code", shown=False),
        Column("request_id", lazy("Request number"), MemberChange.request_id, "code", shown=False),
    ),
    sorts=(
        Sort("due_on", (MemberChange.order_on, MemberChange.id)),
        Sort("-asked_at", (MemberChange.asked_at, MemberChange.id), descending=True),
        Sort("asked_at", (MemberChange.asked_at, MemberChange.id)),
    ),
    filters=(
        Filter("urgency", lazy("Deadline"), "choice", _urgency, _choices(rules.URGENCIES)),
        Filter("kind", lazy("Way"), "choice", lambda value: MemberChange.kind == value, _choices(rules.KINDS)),
        Filter("state", lazy("State"), "choice", lambda value: MemberChange.state == value, _choices(rules.STATES)),
        Filter(
            "item", lazy("What changes"), "choice", lambda value: MemberChange.item == value, _choices(rules.LABELS)
        ),
        Filter("member", lazy("Record"), "uuid", lambda value: MemberChange.member_id == value, rare=True),
        Filter("from", lazy("Asked from"), "date", lambda day: MemberChange.asked_at >= day_start(day), rare=True),
        Filter("until", lazy("Asked until"), "date", lambda day: MemberChange.asked_at < day_after(day), rare=True),
    ),
)
EXPORTS = (Exportable(CHANGES, MEMBER_EXPORT.name, _exported),)

OWN_CHANGES = TableDef(
    name="people_own_changes",
    title=lazy("My requests"),
    source=CHANGES.source,
    identity=MemberChange.id,
    columns=(
        Column("item", lazy("What changes"), MemberChange.item, "link", rules.LABELS),
        Column("kind", lazy("Way"), MemberChange.kind, labels=rules.KINDS),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("asked_at", lazy("Asked at"), MemberChange.asked_at, "datetime"),
        Column("due_on", lazy("Due on"), MemberChange.due_on, "date"),
        Column("state", lazy("State"), MemberChange.state, "badge", rules.STATES, rules.STATE_TONES),
        Column("urgency", lazy("Deadline"), URGENCY, "badge", rules.URGENCIES, {"overdue": "seal"}),
        Column("answer", lazy("Reason"), MemberChange.answer),
        Column("request_id", lazy("Request number"), MemberChange.request_id, "code", shown=False),
    ),
    sorts=(
        Sort("-asked_at", (MemberChange.asked_at, MemberChange.id), descending=True),
        Sort("due_on", (MemberChange.order_on, MemberChange.id)),
    ),
    filters=(
        Filter("urgency", lazy("Deadline"), "choice", _urgency, _choices(rules.URGENCIES)),
        Filter("state", lazy("State"), "choice", lambda value: MemberChange.state == value, _choices(rules.STATES)),
    ),
)
