"""Transfers as a list, with tabs for what comes in, goes out, is late.

Plans, as ``banyan_app`` with 200,000 transfers: of a narrow place those that ``org_path`` and ``to_path`` find, both by
index; of a wide one ``(applied_at, id)`` backwards until the page is full. What is late is the beginning of
``approval_desk``, which holds open requests alone, by its unique ``request_id``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, literal, or_

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.transfers.models import Transfer, TransferBatch
from banyan.modules.transfers.rules import DIRECTIONS, KINDS, OPEN, ORIGINS, STATES, TONES

OVERDUE: ColumnElement[bool] = ApprovalDesk.due_at <= NOW
URGENCIES = {"overdue": lazy("Overdue"), "pressing": lazy("Due soon"), "": ""}
URGENCY = case((OVERDUE, literal("overdue")), (ApprovalDesk.remind_at <= NOW, literal("pressing")), else_=literal(""))


def _open(value: bool) -> ColumnElement[bool]:
    found = Transfer.state.in_(OPEN)
    return found if value else ~found


def _place(text: str) -> ColumnElement[bool]:
    return or_(
        Transfer.from_name.contains(text, autoescape=True),
        Transfer.to_name.contains(text, autoescape=True),
    )


TRANSFERS = TableDef(
    name="transfers",
    title=lazy("Transfers"),
    source=Transfer.__table__.outerjoin(
        ApprovalDesk.__table__, ApprovalDesk.request_id == Transfer.request_id
    ).outerjoin(TransferBatch.__table__, TransferBatch.id == Transfer.batch_id),
    identity=Transfer.id,
    columns=(
        Column("name", lazy("Member"), Transfer.name, "link"),
        Column("kind", lazy("Kind of transfer"), Transfer.kind, labels=KINDS),
        Column("from_name", lazy("Sending organisation"), Transfer.from_name),
        Column("to_name", lazy("Receiving organisation"), Transfer.to_name),
        Column("state", lazy("State"), Transfer.state, "badge", STATES, TONES),
        Column("urgency", lazy("Deadline"), URGENCY, "badge", URGENCIES, {"overdue": "seal", "pressing": "warn"}),
        Column("due_on", lazy("Due on"), ApprovalDesk.due_on, "date"),
        Column("applied_at", lazy("Asked at"), Transfer.applied_at, "datetime"),
        Column("effective_on", lazy("To move on"), Transfer.effective_on, "date", shown=False),
        Column("moved_on", lazy("Moved on"), Transfer.moved_on, "date", shown=False),
        Column("origin", lazy("How it came in"), Transfer.origin, labels=ORIGINS, shown=False),
        Column("direction", lazy("Direction"), Transfer.direction, labels=DIRECTIONS, shown=False),
        Column("batch", lazy("Together with"), TransferBatch.title, shown=False),
        Column("opinion", lazy("Reason"), Transfer.opinion, shown=False),
    ),
    sorts=(
        Sort("-applied_at", (Transfer.applied_at, Transfer.id), descending=True),
        Sort("applied_at", (Transfer.applied_at, Transfer.id)),
    ),
    filters=(
        Filter("q", lazy("Full name"), "text", lambda text: Transfer.name.contains(text, autoescape=True)),
        Filter(
            "state", lazy("State"), "choice", lambda value: Transfer.state == value, lambda _s: list(STATES.items())
        ),
        Filter(
            "kind", lazy("Kind of transfer"), "choice", lambda v: Transfer.kind == v, lambda _s: list(KINDS.items())
        ),
        Filter("place", lazy("From or to"), "text", _place),
        Filter("open", lazy("Still open"), "boolean", _open, rare=True),
        Filter("overdue", lazy("Overdue"), "boolean", lambda value: OVERDUE if value else ~OVERDUE, rare=True),
        Filter("batch", lazy("Together with"), "uuid", lambda value: Transfer.batch_id == value, rare=True),
        Filter("from", lazy("Asked from"), "date", lambda day: Transfer.applied_at >= day_start(day), rare=True),
        Filter("until", lazy("Asked until"), "date", lambda day: Transfer.applied_at < day_after(day), rare=True),
        Filter("moved_from", lazy("Moved from"), "date", lambda day: Transfer.moved_on >= day, rare=True),
        Filter("moved_until", lazy("Moved until"), "date", lambda day: Transfer.moved_on <= day, rare=True),
    ),
)
