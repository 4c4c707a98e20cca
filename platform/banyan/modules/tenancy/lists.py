"""Lists of the tree.

Plans, as ``banyan_app`` on 665,276 organisations: by tree the unique index on ``path``; by name ``(sort_name, id)``
for wide subtrees and ``path`` for narrow ones; by level or type ``(level, path)``, ``(type, path)``; by a piece of the
name the token table; by link ``(link, path)`` but for leadership, which is nearly every row;
newest first ``(created_at, path)``, which finds the range among the many organisations that one
manifest created at one instant (by ``(created_at, id)`` a province's page read 488,258 rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import case, false, func, literal_column, not_, select
from sqlalchemy.orm import Session, aliased

from banyan.kernel.errors import Text
from banyan.kernel.i18n import language, lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.tenancy.life_rules import ENTRY_DAYS
from banyan.modules.tenancy.links import LABELS, TONES
from banyan.modules.tenancy.models import Level, Org, OrgType
from banyan.modules.tenancy.services.search import name_matches

Parent = aliased(Org, name="parent")


def level_choices(session: Session) -> Sequence[tuple[str, Text]]:
    """All levels, top first."""
    rows = session.execute(select(Level.key, Level.label).order_by(Level.rank)).all()
    return [(key, in_language(label, key)) for key, label in rows]


def type_choices(session: Session) -> Sequence[tuple[str, Text]]:
    """All types."""
    rows = session.execute(select(OrgType.key, OrgType.label).order_by(OrgType.key)).all()
    return [(key, in_language(label, key)) for key, label in rows]


def in_language(label: dict[str, Any], key: str) -> str:
    """A label of the manifest in the reader's language, or in the first it has."""
    return str(label.get(language()) or next(iter(label.values()), key))


STATUS: dict[str, Text] = {
    "active": lazy("Active"),
    "revoked": lazy("Revoked"),
    "deregistered": lazy("Deregistered"),
    "merged": lazy("Merged into another"),
}
TIMELY = {"true": lazy("Late"), "false": lazy("In time")}
# A literal, so that the partial index of late ones is found whatever the plan is made for.
LATE = Org.entry_days > literal_column(str(ENTRY_DAYS))

ORGANISATIONS = TableDef(
    name="organisations",
    title=lazy("Organisations"),
    source=Org.__table__.outerjoin(Parent, Parent.id == Org.parent_id),
    identity=Org.id,
    columns=(
        Column("name", lazy("Name"), Org.name, "link"),
        Column("code", lazy("Code"), Org.code, "code"),
        Column("level", lazy("Level"), Org.level, "badge"),
        Column("type", lazy("Type"), Org.type, "badge"),
        Column("parent", lazy("Parent organisation"), Parent.name),
        Column("link", lazy("Link to the parent"), Org.link, "badge", labels=LABELS, tones=TONES, shown=False),
        Column("parent_code", lazy("Code of the parent"), Parent.code, "code", shown=False),
        Column("division_code", lazy("Division code"), Org.division_code, "code", shown=False),
        Column("person_in_charge", lazy("Person in charge"), Org.person_in_charge),
        Column("phone", lazy("Phone"), Org.phone, "code", shown=False),
        Column("founded_on", lazy("Founded on"), Org.founded_on, "date"),
        Column("approved_on", lazy("Approved on"), Org.approved_on, "date", shown=False),
        Column(
            "late",
            lazy("Entered"),
            case((LATE, "true"), (Org.entry_days.is_not(None), "false")),
            "badge",
            labels=TIMELY,
            tones={"true": "warn", "false": "ok"},
        ),
        Column("status", lazy("Status"), Org.status, "badge", labels=STATUS, tones={"active": "ok"}),
        Column("created_at", lazy("Created at"), Org.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("tree", (Org.path,)),
        Sort("name", (Org.sort_name, Org.id)),
        Sort("-name", (Org.sort_name, Org.id), descending=True),
        Sort("-created_at", (Org.created_at, Org.path), descending=True),
        Sort("created_at", (Org.created_at, Org.path)),
    ),
    filters=(
        Filter("q", lazy("Name or initials"), "text", name_matches, placeholder=lazy("At least two characters")),
        Filter("level", lazy("Level"), "choice", lambda value: Org.level == value, level_choices),
        Filter("type", lazy("Type"), "choice", lambda value: Org.type == value, type_choices),
        Filter("link", lazy("Link"), "choice", lambda value: Org.link == value, lambda _s: list(LABELS.items())),
        Filter("status", lazy("Status"), "choice", lambda value: Org.status == value, lambda _s: list(STATUS.items())),
        Filter(
            "late", lazy("Entered late"), "boolean", lambda late: LATE if late else not_(func.coalesce(LATE, false()))
        ),
        Filter("from", lazy("Created from"), "date", lambda day: Org.created_at >= day_start(day)),
        Filter("until", lazy("Created until"), "date", lambda day: Org.created_at < day_after(day)),
    ),
)


def labelled(levels: dict[str, str], types: dict[str, str]) -> TableDef:
    """The list with levels and types called what the manifest calls them."""
    named = {"level": levels, "type": types}
    columns = tuple(replace(column, labels=named.get(column.key, column.labels)) for column in ORGANISATIONS.columns)
    return replace(ORGANISATIONS, columns=columns)
