"""Reading the audit log: one entry field by field, and the history of one thing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, false, literal, select, tuple_

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Text
from banyan.kernel.i18n import _, lazy
from banyan.modules.audit import labels, names
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

    @property
    def kind(self) -> str:
        """``added``, ``removed``, ``changed`` or ``same``."""
        if self.before == self.after:
            return "same"
        if self.before == NOTHING:
            return "added"
        return "removed" if self.after == NOTHING else "changed"

    @property
    def kind_label(self) -> Text:
        return labels.CHANGES[self.kind]


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
    subject_id: str = ""
    account_id: UUID | None = None
    subject_url: str | None = None


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


def readable(ctx: Context, identities: Sequence[UUID]) -> set[UUID]:
    """Those entries that one may see at the organisation of the request and below."""
    if not identities:
        return set()
    return set(ctx.session.scalars(_visible(ctx, AuditEntry.id).where(AuditEntry.id.in_(identities))))


def beside(ctx: Context, one: Entry) -> Mapping[str, UUID | None]:
    """The entries before and after ``one`` on the same thing, and of the same request, as far as one may see them.

    :return: ``subject_before``, ``subject_after``, ``request_before``, ``request_after`` → id, None for none.
    """
    same = {
        "subject": and_(AuditEntry.subject_id == one.subject_id, AuditEntry.subject_type == one.subject_kind)
        if one.subject_id
        else false(),
        "request": AuditEntry.request_id == one.request_id if one.request_id else false(),
    }
    key, edge = tuple_(AuditEntry.at, AuditEntry.id), tuple_(literal(one.at), literal(one.id))
    steps = {
        "before": (key < edge, (AuditEntry.at.desc(), AuditEntry.id.desc())),
        "after": (key > edge, (AuditEntry.at, AuditEntry.id)),
    }
    return {
        f"{what}_{way}": ctx.session.scalar(_visible(ctx, AuditEntry.id).where(which, where).order_by(*order).limit(1))
        for what, which in same.items()
        for way, (where, order) in steps.items()
    }


def _visible(ctx: Context, *columns: Any) -> Any:
    allowed = reading().visible(ctx, ENTRY_READ.name, ORG.c.path, within=ctx.org)
    return (
        select(*(columns or (AuditEntry, ORG.c.name, ORG.c.code)))
        .select_from(AuditEntry)
        .join(ORG, ORG.c.id == AuditEntry.org_id)
        .where(allowed)
    )


def _entries(ctx: Context, rows: Sequence[Any]) -> list[Entry]:
    entries = [row[0] for row in rows]
    words = _Words(labels.actions(), labels.fields(), _role_names(ctx, entries), names.of_ids(ctx, entries))
    return [words.entry(row[0], row[1], row[2]) for row in rows]


def _role_names(ctx: Context, entries: Sequence[AuditEntry]) -> Mapping[str, str]:
    """Names of the roles that decided, and of those that the entries are about."""
    values = [value for entry in entries for value in (entry.decision, entry.before, entry.after) if value]
    roles = {value["role"] for value in values if isinstance(value.get("role"), str) and value["role"]}
    return reading().role_names(ctx.session, roles) if roles else {}


@dataclass(frozen=True, slots=True)
class _Words:
    """What things are called."""

    actions: Mapping[str, Text]
    fields: Mapping[str, Text]
    roles: Mapping[str, str]
    names: Mapping[str, str]

    def entry(self, row: AuditEntry, name: str, code: str) -> Entry:
        return Entry(
            id=row.id,
            at=row.at,
            action=row.action,
            label=self.actions.get(row.action, row.action),
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
            changes=self.changes(row.before or {}, row.after or {}),
            decision=self.decided(row.decision),
            subject_id=row.subject_id,
            account_id=row.account_id,
            subject_url=names.page(row.subject_type, row.subject_id, code),
        )

    def changes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
        """Field by field, in the order of the words: the database keeps none."""
        order = {key: number for number, key in enumerate(self.fields)}
        keys = sorted({*before, *after}, key=lambda key: (order.get(key, len(order)), key))
        return tuple(
            Change(key, self.fields.get(key, key), self.said(key, before.get(key)), self.said(key, after.get(key)))
            for key in keys
        )

    def said(self, field: str, value: Any) -> str:
        """A value as it is read: dates in local time, lists by commas, a dash for nothing."""
        if value is None or value in ("", []):
            return NOTHING
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        if isinstance(value, list):
            return str(_(", ")).join(self.said(field, item) for item in value)
        if isinstance(value, dict):
            parts = (f"{self.fields.get(key, key)}{_(': ')}{self.said(key, item)}" for key, item in value.items())
            return str(_(", ")).join(parts)
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            return local_time(datetime.fromisoformat(value))
        if isinstance(value, str) and value in self.names:
            return f"{self.names[value]} ({value})"
        if field == "role":
            return self.roles.get(str(value), str(value))
        return str(self.fields.get(f"{field}={value}", value))

    def decided(self, decision: Mapping[str, Any] | None) -> Decided | None:
        if decision is None:
            return None
        role = decision.get("role") or ""
        return Decided(
            bool(decision.get("allowed")),
            labels.REASONS.get(decision.get("reason", ""), decision.get("reason", "")),
            self.roles.get(role, role),
            decision.get("grant") or "",
            int(decision.get("policy_version") or 0),
        )
