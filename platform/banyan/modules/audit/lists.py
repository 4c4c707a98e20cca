"""The audit log as a list (SYS-01).

Plans, as ``banyan_app``, for pages of the newest first (a bench explains every one of them at 10,000,000 entries):

- nothing but the place: the primary key ``(at, id)`` backwards while the place has much of what is written lately;
  else the range of ``(org_path, at)`` in each month, sorted;
- one organisation ``(org_id, at)``; who ``(account_name, at)``; what ``(action, at)``, ``(subject_type, at)``,
  ``(subject_label, at)``, ``(subject_id, at)``; from where ``(address, at)``, ``(request_id, at)``; outcomes other than
  success ``(outcome, at)``: equal values come in order of time, beginnings and modules as a range, sorted while they
  are few, or by time when they are many;
- when: only the months concerned are opened.

No exact count is shown: counting would read what the page need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import InstrumentedAttribute, Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.audit import labels, searching
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.neighbours import ORG
from banyan.plugins import manager


def _actions(_session: Session) -> Sequence[tuple[str, Text]]:
    return sorted(labels.actions().items(), key=lambda item: str(item[1]))


def _outcomes(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(labels.OUTCOMES.items())


def _modules(_session: Session) -> Sequence[tuple[str, Text]]:
    used = {action.partition(".")[0] for action in labels.actions()}
    known = {name: manifest.label for name, manifest in manager.current().manifests.items() if name in used}
    return sorted(known.items(), key=lambda item: str(item[1]))


def _kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return sorted(labels.kinds().items(), key=lambda item: str(item[1]))


def _periods(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(labels.PERIODS.items())


def _exactly(column: InstrumentedAttribute[Any]) -> Callable[[Any], ColumnElement[bool]]:
    return lambda value: column == value


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
        Filter("period", lazy("When"), "choice", searching.period, _periods),
        Filter(
            "account",
            lazy("Who"),
            "text",
            lambda text: searching.beginning(AuditEntry.account_name, text.casefold()),
            placeholder=lazy("Beginning of the sign-in name"),
        ),
        Filter("action", lazy("What"), "choice", _exactly(AuditEntry.action), _actions),
        Filter(
            "subject",
            lazy("Concerning"),
            "text",
            lambda text: searching.beginning(AuditEntry.subject_label, text),
            placeholder=lazy("Beginning of the name"),
        ),
        Filter(
            "below",
            lazy("Organisation and below"),
            "text",
            lambda found: found,
            placeholder=lazy("Code of the organisation"),
            lookup=searching.subtree_of,
        ),
        Filter("outcome", lazy("Outcome"), "choice", _exactly(AuditEntry.outcome), _outcomes),
        Filter("from", lazy("From"), "date", lambda day: AuditEntry.at >= day_start(day), rare=True),
        Filter("until", lazy("Until"), "date", lambda day: AuditEntry.at < day_after(day), rare=True),
        Filter("module", lazy("Module"), "choice", searching.within_module, _modules, rare=True),
        Filter("kind", lazy("Kind of thing"), "choice", _exactly(AuditEntry.subject_type), _kinds, rare=True),
        Filter(
            "organisation",
            lazy("This organisation alone"),
            "text",
            lambda found: AuditEntry.org_id == found if found else false(),
            placeholder=lazy("Code of the organisation"),
            lookup=searching.organisation_of,
            rare=True,
        ),
        Filter("address", lazy("Network address"), "text", _exactly(AuditEntry.address), rare=True),
        Filter("request", lazy("Request"), "text", _exactly(AuditEntry.request_id), rare=True),
        Filter("subject_id", lazy("Id of the thing"), "text", _exactly(AuditEntry.subject_id), rare=True),
        Filter(
            "account_id",
            lazy("Id of the account"),
            "uuid",
            searching.by_account,
            lookup=searching.name_of,
            rare=True,
        ),
    ),
)
