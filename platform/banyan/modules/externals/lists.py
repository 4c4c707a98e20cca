"""Lists of external bodies and of filings.

Plans, as ``banyan_app`` with 100,000 filings: by place ``(org_path)`` of a narrow subtree; newest and oldest first
``(sent_on, id)`` of a wide one; those that wait, by the day a reply is due, ``(due_order, id)`` of waiting ones alone,
of which overdue ones are the beginning. Bodies are few for each organisation: ``(org_path)``, ``(since, id)``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, or_

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.externals.models import ExternalBody, ExternalFiling, ExternalReply
from banyan.modules.externals.rules import KINDS, STATE_TONES, STATES
from banyan.modules.tenancy.models import Org

TODAY: ColumnElement[object] = cast(func.timezone("Asia/Shanghai", NOW), Date)
WAITING = ExternalFiling.outcome == "waiting"
OVERDUE = and_(WAITING, ExternalFiling.due_order < TODAY)
FILING_STATE: ColumnElement[str] = case((OVERDUE, "overdue"), else_=ExternalFiling.outcome)
BODY_STATES = {"current": lazy("Current"), "to_come": lazy("To come"), "ended": lazy("Ended")}
BODY_STATE: ColumnElement[str] = case(
    (ExternalBody.until < TODAY, "ended"), (ExternalBody.since > TODAY, "to_come"), else_="current"
)


def _in_state(value: str) -> ColumnElement[bool]:
    if value == "overdue":
        return OVERDUE
    if value == "waiting":
        return and_(WAITING, ExternalFiling.due_order >= TODAY)
    return ExternalFiling.outcome == value


def _open(value: bool) -> ColumnElement[bool]:
    """Those that wait, overdue ones among them, and those returned that nobody has corrected yet."""
    corrected = ExternalFiling.__table__.alias("later")
    left = ~corrected.select().where(corrected.c.corrects == ExternalFiling.id).exists()
    found = or_(WAITING, and_(ExternalFiling.outcome == "returned", left))
    return found if value else ~found


EXTERNAL_BODIES = TableDef(
    name="external_bodies",
    title=lazy("External bodies"),
    source=ExternalBody.__table__.join(Org, Org.id == ExternalBody.org_id),
    identity=ExternalBody.id,
    columns=(
        Column("name", lazy("Name"), ExternalBody.name, "link"),
        Column("kind", lazy("Kind of body"), ExternalBody.kind, "badge", labels=KINDS),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("contact", lazy("Contact"), ExternalBody.contact),
        Column("phone", lazy("Phone"), ExternalBody.phone, "code"),
        Column("address", lazy("Postal address"), ExternalBody.address, shown=False),
        Column("since", lazy("Since"), ExternalBody.since, "date"),
        Column("until", lazy("Until"), ExternalBody.until, "date"),
        Column("state", lazy("State"), BODY_STATE, "badge", BODY_STATES, {"current": "ok"}),
    ),
    sorts=(
        Sort("tree", (ExternalBody.org_path, ExternalBody.id)),
        Sort("-since", (ExternalBody.since, ExternalBody.id), descending=True),
        Sort("since", (ExternalBody.since, ExternalBody.id)),
    ),
    filters=(
        Filter("q", lazy("Name"), "text", lambda text: ExternalBody.name.contains(text, autoescape=True)),
        Filter(
            "kind",
            lazy("Kind of body"),
            "choice",
            lambda value: ExternalBody.kind == value,
            lambda _s: list(KINDS.items()),
        ),
        Filter(
            "state", lazy("State"), "choice", lambda value: value == BODY_STATE, lambda _s: list(BODY_STATES.items())
        ),
    ),
)

FILINGS = TableDef(
    name="external_filings",
    title=lazy("Filings"),
    source=ExternalFiling.__table__.join(ExternalBody, ExternalBody.id == ExternalFiling.body_id)
    .join(Org, Org.id == ExternalFiling.org_id)
    .outerjoin(ExternalReply, ExternalReply.filing_id == ExternalFiling.id),
    identity=ExternalFiling.id,
    columns=(
        Column("subject", lazy("Matter"), ExternalFiling.subject, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("body", lazy("External body"), ExternalBody.name),
        Column("kind", lazy("Kind of body"), ExternalBody.kind, "badge", labels=KINDS, shown=False),
        Column("sent_on", lazy("Sent on"), ExternalFiling.sent_on, "date"),
        Column("reference", lazy("Reference number"), ExternalFiling.reference, "code"),
        Column("due_on", lazy("Reply due on"), ExternalFiling.due_on, "date"),
        Column("state", lazy("State"), FILING_STATE, "badge", STATES, STATE_TONES),
        Column("received_on", lazy("Received on"), ExternalReply.received_on, "date", shown=False),
        Column("note", lazy("Note"), ExternalReply.note, shown=False),
    ),
    sorts=(
        Sort("-sent_on", (ExternalFiling.sent_on, ExternalFiling.id), descending=True),
        Sort("sent_on", (ExternalFiling.sent_on, ExternalFiling.id)),
        Sort("due_on", (ExternalFiling.due_order, ExternalFiling.id)),
        Sort("tree", (ExternalFiling.org_path, ExternalFiling.id)),
    ),
    filters=(
        Filter("open", lazy("Still open"), "boolean", _open),
        Filter("state", lazy("State"), "choice", _in_state, lambda _s: list(STATES.items())),
        Filter(
            "kind",
            lazy("Kind of body"),
            "choice",
            lambda value: ExternalBody.kind == value,
            lambda _s: list(KINDS.items()),
        ),
        Filter("q", lazy("Matter"), "text", lambda text: ExternalFiling.subject.contains(text, autoescape=True)),
        Filter("from", lazy("Sent from"), "date", lambda day: ExternalFiling.sent_on >= day),
        Filter("until", lazy("Sent until"), "date", lambda day: ExternalFiling.sent_on <= day),
    ),
)
