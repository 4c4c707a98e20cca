"""Writing the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.prepared import write
from banyan.kernel.values import Decision, OrgRef

HIDDEN = frozenset({"password", "password_hash", "token", "token_hash", "code_hash", "secret"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What something was done to.

    :ivar kind: ``org``, ``account``, ``role`` … :ivar label: what people call it, as it was then.
    """

    kind: str
    id: str
    label: str


def record(
    ctx: Context,
    action: str,
    subject: Subject,
    *,
    org: OrgRef | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: Literal["done", "refused", "failed"] = "done",
) -> None:
    """Append an entry in the transaction of ``ctx``: it is kept if and only if the change is.

    :param action: ``module.thing.verb``. :param org: where, by default the organisation of the request.
    :param before: values before; secrets are left out whoever passes them. :param after: values after.
    """
    place = org or ctx.org
    values = {
        "at": ctx.clock.now(),
        "id": new_id(),
        "org_id": place.id if place else None,
        "org_path": place.path if place else None,
        "account_id": ctx.actor.account_id,
        "account_name": ctx.actor.name,
        "via": ctx.actor.via,
        "address": ctx.actor.address,
        "request_id": ctx.request_id,
        "action": action,
        "outcome": outcome,
        "subject_type": subject.kind,
        "subject_id": subject.id,
        "subject_label": subject.label,
        "before": _json(plain(before)),
        "after": _json(plain(after)),
        "decision": _json(_decided(ctx.decision)),
    }
    write(ctx.session.connection(), _INSERT, values)


# Straight to the driver: the unit of work would cost as much again as the database does.
_COLUMNS = (
    *("at", "id", "org_id", "org_path", "account_id", "account_name", "via", "address", "request_id", "action"),
    *("outcome", "subject_type", "subject_id", "subject_label", "before", "after", "decision"),
)
_INSERT = (
    f"INSERT INTO audit_entry ({', '.join(_COLUMNS)})"  # noqa: S608 - names of our own
    f" VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"
)


def _json(values: dict[str, Any] | None) -> Jsonb | None:
    return None if values is None else Jsonb(values, orjson.dumps)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs between two states of one thing."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


def plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON, secrets left out."""
    if values is None:
        return None
    return {key: _plain(value) for key, value in values.items() if key not in HIDDEN}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (UUID, date, datetime)) else value


def _decided(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    grant = str(decision.grant.id) if decision.grant else None
    return {
        "allowed": decision.allowed,
        "reason": decision.reason,
        "grant": grant,
        "role": decision.role,
        "policy_version": decision.policy_version,
    }
