"""The audit log as a list.

Plans, as ``banyan_app``: newest first over a wide subtree walks the primary key ``(at, id)`` of the partitions
backwards and looks each organisation up; a single organisation goes by ``(org_id, at)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.audit import labels
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.neighbours import ORG


def _actions(_session: Session) -> Sequence[tuple[str, Text]]:
    return sorted(labels.actions().items(), key=lambda item: str(item[1]))


def _outcomes(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(labels.OUTCOMES.items())


def _who(text: str) -> ColumnElement[bool]:
    return AuditEntry.account_name.startswith(text.casefold(), autoescape=True)


ENTRIES = TableDef(
    name="audit_entries",
    title=lazy("Audit log"),
    source=AuditEntry.__table__.join(ORG, ORG.c.id == AuditEntry.org_id),
    identity=AuditEntry.id,
    columns=(
        Column("at", lazy("When"), AuditEntry.at, "datetime"),
        Column("action", lazy("What"), AuditEntry.action, labels=labels.ActionNames()),
        Column("subject", lazy("Concerning"), AuditEntry.subject_label),
        Column("account", lazy("Who"), AuditEntry.account_name),
        Column("organisation", lazy("Organisation"), ORG.c.name),
        Column("organisation_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("outcome", lazy("Outcome"), AuditEntry.outcome, "badge", labels=labels.OUTCOMES, tones=labels.TONES),
        Column("via", lazy("Way in"), AuditEntry.via, labels=labels.WAYS, shown=False),
        Column("address", lazy("Network address"), AuditEntry.address, "code", shown=False),
        Column("request_id", lazy("Request"), AuditEntry.request_id, "code", shown=False),
    ),
    sorts=(
        Sort("-at", (AuditEntry.at, AuditEntry.id), descending=True),
        Sort("at", (AuditEntry.at, AuditEntry.id)),
    ),
    filters=(
        Filter("account", lazy("Who"), "text", _who, placeholder=lazy("Beginning of the sign-in name")),
        Filter("action", lazy("What"), "choice", lambda value: AuditEntry.action == value, _actions),
        Filter("outcome", lazy("Outcome"), "choice", lambda value: AuditEntry.outcome == value, _outcomes),
        Filter("organisation", lazy("Code of the organisation"), "text", lambda value: ORG.c.code == value.lower()),
        Filter("from", lazy("From"), "date", lambda day: AuditEntry.at >= day_start(day)),
        Filter("until", lazy("Until"), "date", lambda day: AuditEntry.at < day_after(day)),
    ),
)
