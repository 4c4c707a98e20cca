"""Revoking an organisation: the decision, the 15 working days, the reasons against it, and the way back (ORG-04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel import workdays
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.access.services import endings
from banyan.modules.audit.services import record
from banyan.modules.tenancy.events import OrgRestored, OrgRevoked
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.life_rules import GRACE_DAYS, REVOCATION_DAYS
from banyan.modules.tenancy.models import Org, OrgType
from banyan.modules.tenancy.permissions import ORG_REVOKE
from banyan.modules.tenancy.services import documents
from banyan.modules.tenancy.services.life import history, moving, touching
from banyan.modules.tenancy.services.life.obstacles import obstacles
from banyan.modules.tenancy.services.life.relocating import hold
from banyan.modules.tenancy.services.life.shown import (
    Loss,
    Preview,
    require_active,
    require_authority,
    require_confirmed,
)
from banyan.modules.tenancy.services.organisations import count_org, parent_of, subject


def open_decision(ctx: Context, org: Org) -> OrgRevocation | None:
    """The decision to revoke ``org`` that waits to be carried out."""
    waiting = (OrgRevocation.done_on.is_(None), OrgRevocation.withdrawn_at.is_(None))
    return ctx.session.scalar(select(OrgRevocation).where(OrgRevocation.org_id == org.id, *waiting))


def decide(ctx: Context, org: Org, data: Mapping[str, Any]) -> OrgRevocation:
    """Record the decision to revoke ``org``: from its day on, 15 working days run.

    :param data: of a `Decision`. :raises Refused: it has ended, or another decision waits. :raises Forbidden: authority
        over the organisation above is lacking: nobody revokes their own organisation.
    """
    org = hold(ctx, [org.id])[org.id]
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_REVOKE.name, [org, above])
    require_active(org)
    history.check_decision(ctx, org, data)
    if above is None:
        raise Refused(moving.ROOT)
    if open_decision(ctx, org) is not None:
        raise Refused(lazy("The decision to revoke it has been recorded already."))
    due = workdays.after(data["decided_on"], REVOCATION_DAYS)
    decision = OrgRevocation(
        org_id=org.id,
        org_path=org.path,
        act=ctx.session.scalar(select(OrgType.ending).where(OrgType.key == org.type)) or "revoked",
        decided_on=data["decided_on"],
        number=data["number"],
        note=data["note"],
        document=documents.take(ctx, data["document"], org, "document") if data.get("document") else None,
        due_on=due.day,
        provisional=due.provisional,
        recorded_by=ctx.actor.account_id,
        recorded_at=ctx.clock.now(),
        ended_grants=[],
    )
    ctx.session.add(decision)
    ctx.session.flush()
    after = {"decided_on": decision.decided_on, "number": decision.number, "due_on": decision.due_on}
    record(ctx, "tenancy.org.decide_revocation", subject(org), org=org.ref, after=after)
    return decision


def withdraw(ctx: Context, org: Org) -> OrgRevocation:
    """Withdraw a decision that has not been carried out.

    :raises NotFound: there is none. :raises Forbidden: as in `decide`.
    """
    org = hold(ctx, [org.id])[org.id]
    require_authority(ctx, ORG_REVOKE.name, [org, parent_of(ctx, org)])
    decision = open_decision(ctx, org)
    if decision is None:
        raise NotFound(lazy("No decision to revoke it waits."))
    decision.withdrawn_at = ctx.clock.now()
    ctx.session.flush()
    before = {"decided_on": decision.decided_on, "number": decision.number}
    record(ctx, "tenancy.org.withdraw_revocation", subject(org), org=org.ref, before=before)
    return decision


def preview(ctx: Context, org: Org) -> Preview:
    """What revoking would touch, and every reason against it at once: the tree's own, and those of every module.

    :raises Refused: it has ended. :raises Forbidden: as in `decide`.
    """
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_REVOKE.name, [org, above])
    require_active(org)
    reasons = [moving.ROOT] if above is None else []
    decision = open_decision(ctx, org)
    if decision is None and above is not None:
        reasons.append(lazy("The decision to revoke it has not been recorded."))
    reasons.extend(_own_obstacles(ctx, org))
    reasons.extend(obstacles(ctx.at(org.ref), org.ref))
    grants = endings.lasting(ctx, org.ref)
    text: Text = lazy("Grants held at it that end: %(n)s. Nobody acts in its name any more.", n=len(grants))
    return Preview(
        decision.act if decision is not None else "revoked",
        [org],
        asked=[decision.id if decision is not None else ""],
        numbers=touching.numbers(ctx, [touching.alone(org)]),
        losses=[Loss(f"grants:{len(grants)}", text)] if grants else [],
        reasons=reasons,
    )


def _own_obstacles(ctx: Context, org: Org) -> list[Text]:
    number = select(func.count()).select_from(Org).where(Org.parent_id == org.id, Org.status == "active")
    below = ctx.session.scalar(number) or 0
    return [lazy("Organisations that stand below it: %(n)s.", n=below)] if below else []


def carry_out(ctx: Context, org: Org, plan: str) -> Org:
    """Revoke as was shown: it can be read from above, nothing can be done there any more.

    Grants held at it end; accounts it had opened keep their sign-in and whatever they hold elsewhere.

    :raises Refused: with every reason. :raises Conflict: something changed since ``plan`` was shown.
    """
    held = hold(ctx, {org.id, *([org.parent_id] if org.parent_id else [])})
    org = held[org.id]
    shown = preview(ctx, org)
    require_confirmed(shown, plan)
    decision = open_decision(ctx, org)
    assert decision is not None
    grants = endings.lasting(ctx, org.ref)
    endings.end_all(ctx, grants)
    count_org(ctx, org, -1)
    now = ctx.clock.now()
    org.status, org.updated_at = decision.act, now
    decision.done_on, decision.done_by = today(ctx.clock), ctx.actor.account_id
    decision.ended_grants = [str(grant.id) for grant in grants]
    ctx.session.flush()
    data = {"decided_on": decision.decided_on, "number": decision.number, "note": decision.note}
    change = history.write_down(ctx, org, decision.act, data=data)
    change.document = decision.document
    publish(ctx, org.ref, OrgRevoked(str(org.id), decision.act))
    return org


def restorable(ctx: Context, org: Org) -> OrgRevocation | None:
    """The revocation that can still be undone, within `GRACE_DAYS` days."""
    if org.status not in ("revoked", "deregistered"):
        return None
    last = select(OrgRevocation).where(OrgRevocation.org_id == org.id, OrgRevocation.done_on.is_not(None))
    decision = ctx.session.scalar(last.order_by(OrgRevocation.done_on.desc(), OrgRevocation.id.desc()).limit(1))
    if decision is None or decision.done_on is None:
        return None
    return decision if today(ctx.clock) <= decision.done_on + timedelta(days=GRACE_DAYS) else None


def restore(ctx: Context, org: Org, data: Mapping[str, Any]) -> Org:
    """Undo a revocation within its grace; the grants that ended with it hold again.

    :param data: of a `Decision`. :raises Refused: not revoked, too late, or the one above has ended as well.
    """
    held = hold(ctx, {org.id, *([org.parent_id] if org.parent_id else [])})
    org = held[org.id]
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_REVOKE.name, [org, above])
    decision = restorable(ctx, org)
    if org.status == "active":
        raise Refused(lazy("It has not been revoked."))
    if decision is None:
        raise Refused(lazy("This can be undone within %(days)s days only.", days=GRACE_DAYS))
    if above is not None and above.status != "active":
        raise Refused(lazy("%(name)s, which stands above it, has been revoked.", name=above.name))
    history.check_decision(ctx, org, data)
    org.status, org.updated_at = "active", ctx.clock.now()
    count_org(ctx, org)
    endings.give_back(ctx, org.ref, [UUID(identity) for identity in decision.ended_grants])
    ctx.session.flush()
    history.write_down(ctx, org, "restore", data=data)
    publish(ctx, org.ref, OrgRestored(str(org.id)))
    return org
