"""What an organisation went through, kept for ever: what it was called, where it stood, what went into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import decide
from banyan.modules.audit.services import plain, record
from banyan.modules.tenancy import life_rules
from banyan.modules.tenancy.life_models import OrgChange
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_READ
from banyan.modules.tenancy.services import documents, place
from banyan.modules.tenancy.services.organisations import subject

KINDS: Mapping[str, Text] = {
    "rename": lazy("Renamed"),
    "move": lazy("Moved under another organisation"),
    "merge": lazy("Merged into another organisation"),
    "split": lazy("Split from another organisation"),
    "revoked": lazy("Revoked"),
    "deregistered": lazy("Deregistered"),
    "restore": lazy("Restored"),
}
# The same from the other side.
TAKEN: Mapping[str, Text] = {
    "merge": lazy("Another organisation was merged into this one"),
    "split": lazy("Another organisation was split from this one"),
}
FIELDS: Mapping[str, Text] = {
    "name": lazy("Name"),
    "short_name": lazy("Short name"),
    "place": lazy("Place in the tree"),
}
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A change as its organisation's timeline shows it.

    :ivar other: name of the other organisation, with its code where the reader may go there.
    :ivar values: field, before, after.
    """

    id: UUID
    kind: str
    label: Text
    at: datetime
    decided_on: date | None
    number: str
    note: str
    document: UUID | None
    account: str
    org: str
    other: str
    other_code: str
    values: tuple[tuple[Text, str, str], ...]


def check_decision(ctx: Context, org: Org, data: Mapping[str, Any]) -> None:
    """Refuse a decision of a day on which it cannot have been taken; raises `Invalid`."""
    problems = life_rules.decision_problems(data["decided_on"], org.founded_on, today(ctx.clock))
    if problems:
        raise Invalid(problems)


def spelled(ctx: Context, org: Org) -> str:
    """Where an organisation stands, by the names of those above it."""
    return " / ".join(one.name for one in place.line(ctx.session, org.path)[:-1])


def below(ctx: Context, parent: Org) -> str:
    """Where an organisation right below ``parent`` stands."""
    return " / ".join([*filter(None, [spelled(ctx, parent)]), parent.name])


def write_down(
    ctx: Context,
    org: Org,
    kind: str,
    *,
    data: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    other: Org | None = None,
) -> OrgChange:
    """Keep a change in the history of ``org`` and in the audit log.

    :param data: of a `Decision`; None for a mere correction. :raises Invalid: the document cannot be used.
    """
    decided: Mapping[str, Any] = data or {}
    document = decided.get("document")
    change = OrgChange(
        org_id=org.id,
        other_id=other.id if other is not None else None,
        kind=kind,
        decided_on=decided.get("decided_on"),
        number=decided.get("number") or "",
        note=decided.get("note") or "",
        document=documents.take(ctx, document, org, "document") if document else None,
        before=plain(before or {}) or {},
        after=plain(after or {}) or {},
        account_id=ctx.actor.account_id,
        account_name=ctx.actor.name,
        at=ctx.clock.now(),
    )
    ctx.session.add(change)
    ctx.session.flush()
    told = {"decided_on": change.decided_on, "number": change.number}
    if other is not None:
        told["other"] = other.name
    if data is not None:
        record(ctx, f"tenancy.org.{kind}", subject(org), org=org.ref, before=before, after={**(after or {}), **told})
    return change


def timeline(ctx: Context, org: Org) -> list[Step]:
    """The life of ``org``, newest first, with what went into it and what was split from it."""
    own, other = aliased(Org), aliased(Org)
    # What an organisation went through before it went into this one belongs to this one's past.
    taken = select(Org.id).where(Org.successor_id == org.id)
    concerned = or_(
        OrgChange.org_id == org.id,
        and_(OrgChange.other_id == org.id, OrgChange.kind.in_(TAKEN)),
        and_(OrgChange.org_id.in_(taken), OrgChange.kind.in_(("rename", "move"))),
    )
    rows = ctx.session.execute(
        select(OrgChange, own, other)
        .join(own, own.id == OrgChange.org_id)
        .outerjoin(other, other.id == OrgChange.other_id)
        .where(concerned)
        .order_by(OrgChange.at.desc(), OrgChange.id.desc())
        .limit(SHOWN)
    ).all()
    return [_step(ctx, org, change, mine, others) for change, mine, others in rows]


def _step(ctx: Context, org: Org, change: OrgChange, mine: Org, other: Org | None) -> Step:
    facing = mine if other is not None and other.id == org.id else other
    within = facing is not None and decide(ctx, ORG_READ.name, facing.ref).allowed
    label = KINDS[change.kind] if mine.id == org.id else TAKEN.get(change.kind, KINDS[change.kind])
    return Step(
        id=change.id,
        kind=change.kind,
        label=label,
        at=change.at,
        decided_on=change.decided_on,
        number=change.number,
        note=change.note,
        document=change.document,
        account=change.account_name,
        org=mine.name if mine.id != org.id else "",
        other=facing.name if facing is not None else "",
        other_code=facing.code if facing is not None and within else "",
        values=_values(change.before, change.after),
    )


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[Text, str, str], ...]:
    keys: Sequence[str] = [key for key in FIELDS if (before.get(key) or "") != (after.get(key) or "")]
    return tuple((FIELDS[key], str(before.get(key) or ""), str(after.get(key) or "")) for key in keys)
