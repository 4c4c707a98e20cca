"""Reading the audit log: one entry field by field, and the history of one thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Text
from banyan.kernel.i18n import _, lazy
from banyan.modules.audit import labels
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.neighbours import ORG
from banyan.modules.audit.permissions import ENTRY_READ
from banyan.modules.audit.reading import reading
from banyan.web.filters import NOTHING, local_time

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry: what it is called, what it was, what it became; a dash where there was nothing."""

    key: str
    label: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What allowed it: the role and grant, under which version of the policy."""

    allowed: bool
    reason: Text
    role: str
    grant: str
    policy_version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as people read it."""

    id: UUID
    at: datetime
    action: str
    label: Text
    outcome: str
    outcome_label: Text
    tone: str
    subject_kind: str
    subject: str
    account: str
    via: Text
    address: str
    request_id: str
    organisation: str
    organisation_code: str
    changes: tuple[Change, ...]
    decision: Decided | None


def history(ctx: Context, kind: str, identity: str, *, limit: int = SHOWN) -> list[Entry]:
    """What was done to one thing, newest first, as far as the reader may see the audit log where it happened.

    :param kind: of the `Subject`. :param identity: its id.
    """
    statement = (
        _visible(ctx)
        .where(AuditEntry.subject_id == identity, AuditEntry.subject_type == kind)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return _entries(ctx, ctx.session.execute(statement).all())


def entry(ctx: Context, identity: UUID) -> Entry:
    """One entry of the organisation of the request or those below; raises `NotFound` alike for all others."""
    found = _entries(ctx, ctx.session.execute(_visible(ctx).where(AuditEntry.id == identity)).all())
    if not found:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return found[0]


def _visible(ctx: Context) -> Any:
    allowed = reading().visible(ctx, ENTRY_READ.name, ORG.c.path, within=ctx.org)
    return select(AuditEntry, ORG.c.name, ORG.c.code).join(ORG, ORG.c.id == AuditEntry.org_id).where(allowed)


def _entries(ctx: Context, rows: Sequence[Any]) -> list[Entry]:
    decided = {row[0].decision["role"] for row in rows if row[0].decision}
    roles = reading().role_names(ctx.session, decided - {""}) if decided - {""} else {}
    actions, fields = labels.actions(), labels.fields()
    return [_entry(row[0], row[1], row[2], actions, fields, roles) for row in rows]


def _entry(row: AuditEntry, name: str, code: str, actions: Any, fields: Any, roles: Any) -> Entry:
    return Entry(
        id=row.id,
        at=row.at,
        action=row.action,
        label=actions.get(row.action, row.action),
        outcome=row.outcome,
        outcome_label=labels.OUTCOMES.get(row.outcome, row.outcome),
        tone=labels.TONES.get(row.outcome, ""),
        subject_kind=row.subject_type,
        subject=row.subject_label,
        account=row.account_name,
        via=labels.WAYS.get(row.via, row.via),
        address=row.address,
        request_id=row.request_id,
        organisation=name,
        organisation_code=code,
        changes=_changes(row.before or {}, row.after or {}, fields, roles),
        decision=_decided(row.decision, roles),
    )


def _changes(before: dict[str, Any], after: dict[str, Any], fields: Any, roles: Any) -> tuple[Change, ...]:
    keys = dict.fromkeys([*before, *after])
    return tuple(
        Change(key, fields.get(key, key), said(before.get(key), roles), said(after.get(key), roles)) for key in keys
    )


def said(value: Any, roles: Any) -> str:
    """A value of an entry as it is read: dates in local time, lists by commas, a dash for nothing."""
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, list):
        return str(_(", ")).join(said(item, roles) for item in value)
    if isinstance(value, dict):
        return str(_(", ")).join(f"{key}: {said(item, roles)}" for key, item in value.items())
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return local_time(datetime.fromisoformat(value))
    return roles.get(value, str(value)) if isinstance(value, str) else str(value)


def _decided(decision: dict[str, Any] | None, roles: Any) -> Decided | None:
    if decision is None:
        return None
    role = decision.get("role") or ""
    return Decided(
        bool(decision.get("allowed")),
        labels.REASONS.get(decision.get("reason", ""), decision.get("reason", "")),
        roles.get(role, role),
        decision.get("grant") or "",
        int(decision.get("policy_version") or 0),
    )
