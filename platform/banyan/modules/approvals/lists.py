"""Requests, desks and deputies as lists.

Plans, as ``banyan_app``: what waits for somebody reads ``approval_desk``, which holds open requests alone, by
``(org_id, due_at, id)`` for each organisation where the reader sits, so that a million old requests cost nothing; what
somebody asked for walks ``(asked_by, asked_at, id)`` backwards; the requests of a subtree walk ``(asked_at, id)``
backwards where the subtree is wide and read ``org_path`` where it is narrow. Joins are by primary key, 20 a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, literal
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import State
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.approvals.models import ApprovalDelegation, ApprovalDesk, ApprovalRequest
from banyan.modules.approvals.neighbours import ASKER, ASKING, DECIDING, DELEGATOR, DEPUTY
from banyan.modules.approvals.permissions import REQUEST_EXPORT
from banyan.modules.approvals.registry import FlowTitles, StepLabels
from banyan.modules.approvals.services import reading

STATES: Mapping[str, Text] = {
    State.OPEN: lazy("In progress"),
    State.RETURNED: lazy("Returned for correction"),
    State.APPROVED: lazy("Approved"),
    State.REJECTED: lazy("Rejected"),
    State.WITHDRAWN: lazy("Taken back"),
}
PARTLY = "partly"
SHOWN_STATES: Mapping[str, Text] = {**STATES, PARTLY: lazy("Approved in part")}
STATE_TONES: Mapping[str, str] = {State.OPEN: "warn", State.RETURNED: "seal", State.APPROVED: "ok", PARTLY: "warn"}
SHOWN_STATE = case((ApprovalRequest.partly, literal(PARTLY, SqlText())), else_=ApprovalRequest.state)
URGENCIES: Mapping[str, Text] = {
    "overdue": lazy("Overdue"),
    "pressing": lazy("Due soon"),
    "waiting": lazy("Waiting"),
}
URGENCY_TONES = {"overdue": "seal", "pressing": "warn"}
URGENCY = case(
    (ApprovalDesk.due_at <= NOW, literal("overdue")),
    (ApprovalDesk.remind_at <= NOW, literal("pressing")),
    else_=literal("waiting"),
)
_DESKS = (
    ApprovalDesk.__table__.join(ASKING, ASKING.c.id == ApprovalDesk.asking_id)
    .join(DECIDING, DECIDING.c.id == ApprovalDesk.org_id)
    .outerjoin(ASKER, ASKER.c.id == ApprovalDesk.asked_by)
)
_DESK_COLUMNS = (
    Column("title", lazy("What is asked for"), ApprovalDesk.title, "link"),
    Column("flow", lazy("Kind of request"), ApprovalDesk.flow, labels=FlowTitles()),
    Column(
        "step", lazy("Step"), ApprovalDesk.flow.concat(" ").concat(ApprovalDesk.step), labels=StepLabels(), shown=False
    ),
    Column("asking", lazy("Asking organisation"), ASKING.c.name),
    Column("asker", lazy("Asked by"), ASKER.c.display_name),
    Column("opened_at", lazy("Received at"), ApprovalDesk.opened_at, "datetime"),
    Column("due_on", lazy("Due on"), ApprovalDesk.due_on, "date"),
    Column("urgency", lazy("State"), URGENCY, "badge", labels=URGENCIES, tones=URGENCY_TONES),
    Column("deciding", lazy("Waits at"), DECIDING.c.name, shown=False),
    Column("deciding_code", lazy("Code of the deciding organisation"), DECIDING.c.code, "code", shown=False),
    Column("request", lazy("Request number"), ApprovalDesk.request_id, "code", shown=False),
)
_DESK_SORTS = (
    Sort("due_on", (ApprovalDesk.due_at, ApprovalDesk.id)),
    Sort("-due_on", (ApprovalDesk.due_at, ApprovalDesk.id), descending=True),
    Sort("-opened_at", (ApprovalDesk.opened_at, ApprovalDesk.id), descending=True),
    Sort("opened_at", (ApprovalDesk.opened_at, ApprovalDesk.id)),
)


def _flows(_session: Session) -> Sequence[tuple[str, Text]]:
    return sorted(FlowTitles().items(), key=lambda pair: str(pair[1]))


def _states(_session: Session) -> Sequence[tuple[str, Text]]:
    return [(str(state), label) for state, label in SHOWN_STATES.items()]


def _in_state(value: str) -> ColumnElement[bool]:
    if value == PARTLY:
        return ApprovalRequest.partly.is_(True)
    return and_(ApprovalRequest.state == value, ApprovalRequest.partly.is_(False))


def _desks(name: str, title: Text) -> TableDef:
    return TableDef(
        name=name,
        title=title,
        source=_DESKS,
        identity=ApprovalDesk.id,
        columns=_DESK_COLUMNS,
        sorts=_DESK_SORTS,
        filters=(
            Filter("flow", lazy("Kind of request"), "choice", lambda value: ApprovalDesk.flow == value, _flows),
            Filter(
                "title",
                lazy("What is asked for"),
                "text",
                lambda text: ApprovalDesk.title.contains(text, autoescape=True),
            ),
            Filter(
                "from", lazy("Asking organisation"), "text", lambda text: ASKING.c.name.contains(text, autoescape=True)
            ),
            Filter("until", lazy("Due until"), "date", lambda day: ApprovalDesk.due_on <= day),
        ),
    )


WAITING = _desks("approvals_waiting", lazy("Waiting for me"))
OVERDUE = _desks("approvals_overdue", lazy("Overdue"))
OVERDUE_ONLY = ApprovalDesk.due_at <= NOW


def _requests(name: str, title: Text) -> TableDef:
    return TableDef(
        name=name,
        title=title,
        source=ApprovalRequest.__table__.join(ASKING, ASKING.c.id == ApprovalRequest.org_id)
        .outerjoin(ASKER, ASKER.c.id == ApprovalRequest.asked_by)
        .outerjoin(ApprovalDesk.__table__, ApprovalDesk.request_id == ApprovalRequest.id)
        .outerjoin(DECIDING, DECIDING.c.id == ApprovalDesk.org_id),
        identity=ApprovalRequest.id,
        columns=(
            Column("title", lazy("What is asked for"), ApprovalRequest.title, "link"),
            Column("flow", lazy("Kind of request"), ApprovalRequest.flow, labels=FlowTitles()),
            Column("state", lazy("State"), SHOWN_STATE, "badge", labels=SHOWN_STATES, tones=STATE_TONES),
            Column("asking", lazy("Asking organisation"), ASKING.c.name),
            Column("asker", lazy("Asked by"), ASKER.c.display_name),
            Column("asked_at", lazy("Asked at"), ApprovalRequest.asked_at, "datetime"),
            Column("deciding", lazy("Waits at"), DECIDING.c.name),
            Column("due_on", lazy("Due on"), ApprovalDesk.due_on, "date"),
            Column("closed_at", lazy("Closed at"), ApprovalRequest.closed_at, "datetime", shown=False),
            Column("asking_code", lazy("Code of the asking organisation"), ASKING.c.code, "code", shown=False),
        ),
        sorts=(
            Sort("-asked_at", (ApprovalRequest.asked_at, ApprovalRequest.id), descending=True),
            Sort("asked_at", (ApprovalRequest.asked_at, ApprovalRequest.id)),
        ),
        filters=(
            Filter("state", lazy("State"), "choice", _in_state, _states),
            Filter("flow", lazy("Kind of request"), "choice", lambda value: ApprovalRequest.flow == value, _flows),
            Filter(
                "title",
                lazy("What is asked for"),
                "text",
                lambda text: ApprovalRequest.title.contains(text, autoescape=True),
            ),
            Filter("from", lazy("Asked from"), "date", lambda day: ApprovalRequest.asked_at >= day_start(day)),
            Filter("until", lazy("Asked until"), "date", lambda day: ApprovalRequest.asked_at < day_after(day)),
        ),
    )


ASKED = _requests("approvals_asked", lazy("Asked by me"))
REQUESTS = _requests("approvals", lazy("Requests of this organisation and those below"))
EXPORTS = (Exportable(REQUESTS, REQUEST_EXPORT.name, reading.seen_below),)

SPANS: Mapping[str, Text] = {
    "to_come": lazy("To come"),
    "valid": lazy("Standing in"),
    "expired": lazy("Over"),
    "ended": lazy("Ended early"),
}
LAST = ApprovalDelegation.not_after - timedelta(seconds=1)
SPAN = case(
    (ApprovalDelegation.ended_at.is_not(None), literal("ended", SqlText())),
    (ApprovalDelegation.not_after <= NOW, literal("expired", SqlText())),
    (ApprovalDelegation.not_before > NOW, literal("to_come", SqlText())),
    else_=literal("valid", SqlText()),
)
DELEGATIONS = TableDef(
    name="approvals_delegations",
    title=lazy("Deputies"),
    source=ApprovalDelegation.__table__.join(DELEGATOR, DELEGATOR.c.id == ApprovalDelegation.delegator_id)
    .join(DEPUTY, DEPUTY.c.id == ApprovalDelegation.deputy_id)
    .join(DECIDING, DECIDING.c.id == ApprovalDelegation.org_id),
    identity=ApprovalDelegation.id,
    columns=(
        Column("deputy", lazy("Deputy"), DEPUTY.c.display_name),
        Column("delegator", lazy("Stands in for"), DELEGATOR.c.display_name),
        Column("organisation", lazy("Organisation"), DECIDING.c.name),
        Column("organisation_code", lazy("Code of the organisation"), DECIDING.c.code, "code", shown=False),
        Column("not_before", lazy("Begins at"), ApprovalDelegation.not_before, "datetime"),
        Column("not_after", lazy("Ends at"), LAST, "datetime"),
        Column("state", lazy("State"), SPAN, "badge", labels=SPANS, tones={"valid": "ok", "to_come": "warn"}),
        Column("note", lazy("Note"), ApprovalDelegation.note),
    ),
    sorts=(
        Sort("-not_before", (ApprovalDelegation.not_before, ApprovalDelegation.id), descending=True),
        Sort("not_before", (ApprovalDelegation.not_before, ApprovalDelegation.id)),
    ),
    filters=(Filter("state", lazy("State"), "choice", lambda value: value == SPAN, lambda _s: list(SPANS.items())),),
)
