"""Lists of activities and of those who take part.

Plans, as ``banyan_app`` with 50,000 activities below a province: by time ``(starts_at, id)`` of a wide subtree,
``(org_path, starts_at, id)`` of a narrow one; those not summed up by their partial index ``(ends_at, id)``. Sign-ups
of one activity: ``(activity_id, state, position)``.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, column, table
from sqlalchemy.types import Text, Uuid

from banyan.sdk import NOW, Column, Context, Exportable, Filter, Sort, TableDef, day_after, day_start, lazy, visible

from .models import Activity, SignUp
from .permissions import EXPORT, READ
from .rules import ATTENDED, KINDS, SIGN_UPS, STATES, SUMMARIES, TONES

ORG = table("org", column("id", Uuid), column("code", Text(collation="C")), column("name", Text)).alias("activity_org")
MEMBER_ORG = table("org", column("id", Uuid), column("name", Text)).alias("member_org")


def _open_summary(value: bool) -> ColumnElement[bool]:
    """Over, and nobody has summed it up."""
    found = and_(Activity.state == "published", Activity.summary_state == "missing", Activity.ends_at < NOW)
    return found if value else ~found


def _came(value: bool) -> ColumnElement[bool]:
    return SignUp.attended != "" if value else SignUp.attended == ""


ACTIVITIES = TableDef(
    name="activities",
    title=lazy("Activities"),
    source=Activity.__table__.join(ORG, ORG.c.id == Activity.org_id),
    identity=Activity.id,
    columns=(
        Column("title", lazy("Theme"), Activity.title, "link"),
        Column("kind", lazy("Kind"), Activity.kind, "badge", KINDS),
        Column("org_name", lazy("Organisation"), ORG.c.name),
        Column("org_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("starts_at", lazy("Begins"), Activity.starts_at, "datetime"),
        Column("ends_at", lazy("Ends"), Activity.ends_at, "datetime", shown=False),
        Column("place", lazy("Where it takes place"), Activity.place),
        Column("state", lazy("State"), Activity.state, "badge", STATES, TONES),
        Column("taken", lazy("Take part"), Activity.taken, "integer"),
        Column("capacity", lazy("Places"), Activity.capacity, "integer"),
        Column("waiting", lazy("Waits for a place"), Activity.waiting, "integer", shown=False),
        Column("budget", lazy("Budget"), Activity.budget, "money", shown=False),
        Column("summary_state", lazy("Summary"), Activity.summary_state, "badge", SUMMARIES, {"filed": "ok"}),
    ),
    sorts=(
        Sort("-starts_at", (Activity.starts_at, Activity.id), descending=True),
        Sort("starts_at", (Activity.starts_at, Activity.id)),
        Sort("tree", (Activity.org_path, Activity.starts_at, Activity.id)),
    ),
    filters=(
        Filter("q", lazy("Theme"), "text", lambda text: Activity.title.contains(text, autoescape=True)),
        Filter(
            "state", lazy("State"), "choice", lambda value: Activity.state == value, lambda _s: list(STATES.items())
        ),
        Filter("kind", lazy("Kind"), "choice", lambda value: Activity.kind == value, lambda _s: list(KINDS.items())),
        Filter("from", lazy("From"), "date", lambda day: Activity.starts_at >= day_start(day)),
        Filter("until", lazy("Until"), "date", lambda day: Activity.starts_at < day_after(day)),
        Filter("open_summary", lazy("Not summed up"), "boolean", _open_summary),
    ),
)

SIGN_UP_LIST = TableDef(
    name="activities_sign_ups",
    title=lazy("Who takes part"),
    source=SignUp.__table__.join(Activity, Activity.id == SignUp.activity_id).join(
        MEMBER_ORG, MEMBER_ORG.c.id == SignUp.member_org_id
    ),
    identity=SignUp.id,
    columns=(
        Column("name", lazy("Full name"), SignUp.name),
        Column("org_name", lazy("Organisation"), MEMBER_ORG.c.name),
        Column("activity", lazy("Activity"), Activity.title, shown=False),
        Column("state", lazy("State"), SignUp.state, "badge", SIGN_UPS, {"going": "ok", "waiting": "warn"}),
        Column("places", lazy("Places"), SignUp.places, "integer"),
        Column("signed_up_at", lazy("Signed up"), SignUp.signed_up_at, "datetime"),
        Column("attended", lazy("Attended"), SignUp.attended, "badge", ATTENDED),
        Column("attended_at", lazy("Came at"), SignUp.attended_at, "datetime", shown=False),
        Column("minutes", lazy("Minutes"), SignUp.minutes, "integer", shown=False),
    ),
    sorts=(
        Sort("position", (SignUp.position, SignUp.id)),
        Sort("-position", (SignUp.position, SignUp.id), descending=True),
    ),
    filters=(
        Filter("activity", lazy("Activity"), "uuid", lambda value: SignUp.activity_id == value, rare=True),
        Filter(
            "state", lazy("State"), "choice", lambda value: SignUp.state == value, lambda _s: list(SIGN_UPS.items())
        ),
        Filter(
            "came",
            lazy("Attended"),
            "boolean",
            lambda value: (SignUp.attended != "") if value else (SignUp.attended == ""),
        ),
        Filter("q", lazy("Full name"), "text", lambda text: SignUp.name.contains(text, autoescape=True)),
    ),
)


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of activities that the reader may see: of this organisation and those below, not of those above."""
    return visible(ctx, READ.name, Activity.org_path, within=ctx.here)


EXPORTS = (
    Exportable(ACTIVITIES, EXPORT.name, lambda ctx: visible(ctx, EXPORT.name, Activity.org_path, within=ctx.here)),
    Exportable(SIGN_UP_LIST, EXPORT.name, lambda ctx: visible(ctx, EXPORT.name, SignUp.org_path, within=ctx.here)),
)
