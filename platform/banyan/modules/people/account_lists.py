"""Members without an account, due and overdue (ACC-02).

The day of admission decides: until when an account is due is reckoned backwards from today through the working days,
so that nothing is stored. Plans with 2,000,000 members: those without account by day of admission ``(admitted_on,
id)``, or by place ``(org_path, admitted_on)``, both of members without account alone; counts read the latter and
nothing else.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Date, and_, bindparam, case

from banyan.kernel.clock import today
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.tables import Column, Filter, Sort, TableDef
from banyan.modules.people.models import Member
from banyan.modules.people.rules import account_due
from banyan.modules.tenancy.models import Org

STATES = {"overdue": lazy("Overdue"), "soon": lazy("Due within 5 working days"), "due": lazy("In time")}
TONES = {"overdue": "seal", "soon": "warn"}
SOON = 5
MISSING = and_(Member.account_id.is_(None), Member.status == "active")
OVERDUE_UNTIL: ColumnElement[object] = bindparam(
    "overdue_until", callable_=lambda: account_due.overdue_until(today(runtime().clock)), type_=Date()
)
SOON_UNTIL: ColumnElement[object] = bindparam(
    "soon_until", callable_=lambda: account_due.due_within(today(runtime().clock), SOON), type_=Date()
)
STATE: ColumnElement[str] = case(
    (Member.admitted_on <= OVERDUE_UNTIL, "overdue"), (Member.admitted_on <= SOON_UNTIL, "soon"), else_="due"
)


def _in_state(value: str) -> ColumnElement[bool]:
    if value == "overdue":
        return Member.admitted_on <= OVERDUE_UNTIL
    if value == "soon":
        return and_(Member.admitted_on > OVERDUE_UNTIL, Member.admitted_on <= SOON_UNTIL)
    return Member.admitted_on > SOON_UNTIL


def _due_on(_identity: object, admitted: date) -> date:
    return account_due.due_on(admitted)


WITHOUT_ACCOUNT = TableDef(
    name="members_without_account",
    title=lazy("Members without account"),
    source=Member.__table__.join(Org, Org.id == Member.org_id),
    identity=Member.id,
    columns=(
        Column("name", lazy("Full name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("number", lazy("Member number"), Member.number, "code", shown=False),
        Column("admitted_on", lazy("Admitted on"), Member.admitted_on, "date"),
        Column("due_on", lazy("Account due on"), Member.admitted_on, "date", read=_due_on),
        Column("state", lazy("State"), STATE, "badge", STATES, TONES),
    ),
    sorts=(
        Sort("admitted_on", (Member.admitted_on, Member.id)),
        Sort("-admitted_on", (Member.admitted_on, Member.id), descending=True),
        Sort("name", (Member.sort_name, Member.id)),
    ),
    filters=(Filter("state", lazy("State"), "choice", _in_state, lambda _session: list(STATES.items())),),
)
