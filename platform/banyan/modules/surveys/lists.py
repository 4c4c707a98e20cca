"""The list of surveys of an organisation and those below.

Plans, as ``banyan_app`` with 100,000 surveys: newest first ``(created_at, id)`` of a wide subtree; ``(org_path)`` of a
narrow one.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef
from banyan.modules.access.decision import visible
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.permissions import SURVEY_EXPORT
from banyan.modules.surveys.registry import HostTitles
from banyan.modules.surveys.rules import STATE_TONES, STATES
from banyan.modules.tenancy.models import Org

SURVEYS = TableDef(
    name="surveys",
    title=lazy("Surveys"),
    source=Survey.__table__.join(Org, Org.id == Survey.org_id),
    identity=Survey.id,
    columns=(
        Column("title", lazy("Title"), Survey.title, "link"),
        Column("host", lazy("About"), Survey.host, labels=HostTitles()),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("anonymous", lazy("Anonymous"), Survey.anonymous, "boolean"),
        Column("state", lazy("State"), Survey.state, "badge", STATES, STATE_TONES),
        Column("closes_on", lazy("Last day"), Survey.closes_on, "date"),
        Column("created_at", lazy("Begun"), Survey.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (Survey.created_at, Survey.id), descending=True),
        Sort("created_at", (Survey.created_at, Survey.id)),
        Sort("tree", (Survey.org_path, Survey.id)),
    ),
    filters=(
        Filter("q", lazy("Title"), "text", lambda text: Survey.title.contains(text, autoescape=True)),
        Filter("state", lazy("State"), "choice", lambda value: Survey.state == value, lambda _s: list(STATES.items())),
    ),
)


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of surveys that may be exported."""
    return visible(ctx, SURVEY_EXPORT.name, Survey.org_path, within=ctx.here)


EXPORTS = (Exportable(SURVEYS, SURVEY_EXPORT.name, seen),)
