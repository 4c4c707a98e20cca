"""Lists about personal data.

Plans, as ``banyan_app``: looks by place ``(org_path)`` of a narrow subtree, by time ``(at, id)`` of a wide one, by
member ``(member_id, at)``; requests ``(asked_at, id)``; registers ``(since, id)``; breaches ``(found_at, id)``; those
who left walk the partial index of those ``(status, sort_name, id)``, children ``(birth_order, id)`` from a day on.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, case, cast

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.people.models import Member
from banyan.modules.privacy import rules
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.privacy.services.looks import FIELD_LABELS
from banyan.modules.privacy.services.retention import ENDED
from banyan.modules.tenancy.models import Org


def fields_read(_identity: object, names: object) -> str:
    """Names of fields as they are read."""
    listed = names if isinstance(names, list) else []
    return ", ".join(str(FIELD_LABELS.get(name, name)) for name in listed)


LOOKS = TableDef(
    name="privacy_looks",
    title=lazy("Looks at sensitive data"),
    source=Look.__table__.join(Org, Org.id == Look.org_id).join(Member, Member.id == Look.member_id),
    identity=Look.id,
    columns=(
        Column("member", lazy("Member"), Member.name, "link"),
        Column("member_id", lazy("Id of the record"), cast(Look.member_id, String), "code", shown=False),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("at", lazy("When"), Look.at, "datetime"),
        Column("account", lazy("Who"), Look.account_name),
        Column("fields", lazy("Fields"), Look.fields, read=fields_read),
        Column("reason", lazy("What for"), Look.reason, "badge", labels=rules.REASONS),
        Column("note", lazy("In their own words"), Look.note),
        Column("how", lazy("How"), Look.how, "badge", labels=rules.WAYS),
    ),
    sorts=(
        Sort("-at", (Look.at, Look.id), descending=True),
        Sort("at", (Look.at, Look.id)),
    ),
    filters=(
        Filter("account", lazy("Who"), "text", lambda text: Look.account_name.startswith(text, autoescape=True)),
        Filter(
            "reason",
            lazy("What for"),
            "choice",
            lambda value: Look.reason == value,
            lambda _s: list(rules.REASONS.items()),
        ),
        Filter("how", lazy("How"), "choice", lambda value: Look.how == value, lambda _s: list(rules.WAYS.items())),
        Filter("from", lazy("From"), "date", lambda day: Look.at >= day_start(day)),
        Filter("until", lazy("Until"), "date", lambda day: Look.at < day_after(day)),
        Filter("member_id", lazy("Id of the record"), "uuid", lambda value: Look.member_id == value, rare=True),
    ),
)

REQUESTS = TableDef(
    name="privacy_requests",
    title=lazy("Requests about personal data"),
    source=DataRequest.__table__.join(Org, Org.id == DataRequest.org_id).join(
        Member, Member.id == DataRequest.member_id
    ),
    identity=DataRequest.id,
    columns=(
        Column("kind", lazy("What is asked for"), DataRequest.kind, "link", labels=rules.KINDS),
        Column("member", lazy("Member"), Member.name),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("how", lazy("Asked by"), DataRequest.how, "badge", labels=rules.ASKERS),
        Column("asked_at", lazy("Asked at"), DataRequest.asked_at, "datetime"),
        Column("state", lazy("State"), DataRequest.state, "badge", rules.STATES, rules.STATE_TONES),
        Column("ended_at", lazy("Ended at"), DataRequest.ended_at, "datetime"),
    ),
    sorts=(
        Sort("-asked_at", (DataRequest.asked_at, DataRequest.id), descending=True),
        Sort("asked_at", (DataRequest.asked_at, DataRequest.id)),
    ),
    filters=(
        Filter(
            "kind",
            lazy("What is asked for"),
            "choice",
            lambda value: DataRequest.kind == value,
            lambda _s: list(rules.KINDS.items()),
        ),
        Filter(
            "state",
            lazy("State"),
            "choice",
            lambda value: DataRequest.state == value,
            lambda _s: list(rules.STATES.items()),
        ),
    ),
)

LEFT = TableDef(
    name="privacy_retention",
    title=lazy("Kept long enough"),
    source=Member.__table__.join(Org, Org.id == Member.org_id),
    identity=Member.id,
    columns=(
        Column("name", lazy("Name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("ended_on", lazy("Membership ended on"), ENDED, "date"),
    ),
    sorts=(Sort("name", (Member.sort_name, Member.id)),),
)

CHILDREN = TableDef(
    name="privacy_children",
    title=lazy("Under fourteen without a guardian’s consent"),
    source=Member.__table__.join(Org, Org.id == Member.org_id),
    identity=Member.id,
    columns=(
        Column("name", lazy("Name"), Member.name, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("birth_date", lazy("Date of birth"), Member.birth_date, "date"),
        Column("admitted_on", lazy("Admitted on"), Member.admitted_on, "date"),
    ),
    sorts=(Sort("-birth_date", (Member.birth_order, Member.id), descending=True),),
)

REGISTER = TableDef(
    name="privacy_register",
    title=lazy("Processors and assessments"),
    source=RegisterEntry.__table__.join(Org, Org.id == RegisterEntry.org_id),
    identity=RegisterEntry.id,
    columns=(
        Column("title", lazy("Title"), RegisterEntry.title, "link"),
        Column("kind", lazy("Register"), RegisterEntry.kind, "badge", labels=rules.REGISTERS),
        Column("party", lazy("Who"), RegisterEntry.party),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("since", lazy("Since"), RegisterEntry.since, "date"),
        Column("until", lazy("Until"), RegisterEntry.until, "date"),
        Column("keep_until", lazy("Kept at least until"), RegisterEntry.keep_until, "date"),
        Column("purpose", lazy("Purpose"), RegisterEntry.purpose, shown=False),
        Column("categories", lazy("Categories of data"), RegisterEntry.categories, shown=False),
        Column("measures", lazy("Measures"), RegisterEntry.measures, shown=False),
    ),
    sorts=(
        Sort("-since", (RegisterEntry.since, RegisterEntry.id), descending=True),
        Sort("since", (RegisterEntry.since, RegisterEntry.id)),
    ),
    filters=(
        Filter(
            "kind",
            lazy("Register"),
            "choice",
            lambda value: RegisterEntry.kind == value,
            lambda _s: list(rules.REGISTERS.items()),
        ),
    ),
)

BREACH_STATES = {
    "overdue": lazy("Authority not told in time"),
    "open": lazy("Open"),
    "told": lazy("Authority told"),
    "closed": lazy("Closed"),
}
BREACH_STATE: ColumnElement[str] = case(
    (Breach.closed_at.is_not(None), "closed"),
    (Breach.authority_told_at.is_not(None), "told"),
    (Breach.due_at < NOW, "overdue"),
    else_="open",
)
BREACHES = TableDef(
    name="privacy_breaches",
    title=lazy("Data breaches"),
    source=Breach.__table__.join(Org, Org.id == Breach.org_id),
    identity=Breach.id,
    columns=(
        Column("title", lazy("Title"), Breach.title, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("found_at", lazy("Found at"), Breach.found_at, "datetime"),
        Column("people", lazy("Number of people concerned"), Breach.people, "integer"),
        Column("due_at", lazy("Authority to be told by"), Breach.due_at, "datetime"),
        Column(
            "state",
            lazy("State"),
            BREACH_STATE,
            "badge",
            BREACH_STATES,
            {"overdue": "seal", "open": "warn", "closed": "ok"},
        ),
        Column("authority_told_at", lazy("Authority told at"), Breach.authority_told_at, "datetime", shown=False),
        Column("people_told_at", lazy("People told at"), Breach.people_told_at, "datetime", shown=False),
        Column("measures", lazy("Measures"), Breach.measures, shown=False),
    ),
    sorts=(
        Sort("-found_at", (Breach.found_at, Breach.id), descending=True),
        Sort("found_at", (Breach.found_at, Breach.id)),
    ),
    filters=(
        Filter(
            "state",
            lazy("State"),
            "choice",
            lambda value: value == BREACH_STATE,
            lambda _s: list(BREACH_STATES.items()),
        ),
    ),
)
