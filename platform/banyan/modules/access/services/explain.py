"""Why an account may or may not do something somewhere: grant, role and policy line (ORG-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.kernel.values import Decision, Grant, Permission, Reach, Snapshot
from banyan.modules.access import neighbours, policy, rules
from banyan.modules.access.decision import decide, visible
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.neighbours import ACCOUNT, ORG, AccountRow, Place
from banyan.modules.access.permissions import EXPLAIN
from banyan.modules.access.services import names
from banyan.modules.access.services.shown import INSTANT
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

Verdict = Literal[
    "decides", "denies", "allows", "lacks", "withdrawn", "out_of_reach", "not_yet", "expired", "ended", "guided"
]
Reason = Literal["allowed", "denied", "no_permission", "no_grant", "guided", "suspended", "module_off"]


@dataclass(frozen=True, slots=True)
class Considered:
    """A grant that was looked at, and what came of it.

    :ivar verdict: ``decides``; ``denies`` or ``allows`` too, but another one decides; ``lacks`` the permission;
        ``withdrawn``: its role means nothing any more; ``out_of_reach``; ``not_yet``, ``expired``, ``ended``;
        ``guided``: held above a link of guidance that lies between.
    :ivar line: what its role says of the permission. :ivar granted_by: sign-in name; empty for the manifest.
    """

    id: UUID
    role: str
    role_label: str
    organisation: str
    organisation_code: str
    reach: Reach
    not_before: datetime
    not_after: datetime | None
    ended_at: datetime | None
    granted_by: str
    verdict: Verdict
    line: str

    @property
    def last(self) -> datetime | None:
        """The last instant at which it was or is valid: what people read as its end."""
        ends = [end for end in (self.ended_at, self.not_after) if end is not None]
        return min(ends) - INSTANT if ends else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer.

    :ivar deciding: the grant that decided it, also when it is the nearest one that lacks the permission.
    :ivar line: the policy line that decided it; empty where no line speaks of the permission.
    :ivar guided: name of the organisation whose link of guidance ends rights from above; empty where none does.
    :ivar considered: all grants of the account that the asker may see, the deciding one first.
    """

    allowed: bool
    reason: Reason
    account: str
    account_name: str
    permission: str
    permission_label: Text
    organisation: str
    organisation_code: str
    at: datetime
    policy_version: int
    deciding: Considered | None
    line: str
    guided: str
    considered: tuple[Considered, ...]


def explain(ctx: Context, data: Mapping[str, Any]) -> Explanation:
    """Why the account may or may not do it there, now.

    :param data: of `WhyQuery`: sign-in name, permission, code of the organisation (that of the request by default).
    :raises Invalid: account or organisation unknown or out of reach, which are not told apart; no such permission.
    """
    problems: dict[str, list[Text]] = {}
    permission = policy.store().permissions.get(data["permission"])
    if permission is None:
        problems["permission"] = [lazy("There is no such permission.")]
    place = _place(ctx, data.get("organisation") or "")
    if place is None:
        problems["organisation"] = [lazy("There is no such organisation within your reach.")]
    account = neighbours.account_named(ctx, data["account"])
    if account is None or not _known(ctx, account):
        problems["account"] = [lazy("There is no such account within your reach.")]
    if permission is None or place is None or account is None or problems:
        raise Invalid(problems)
    return _explained(ctx, account, permission, place)


def _place(ctx: Context, code: str) -> Place | None:
    place = neighbours.place_called(ctx, code) if code else neighbours.place(ctx, ctx.here)
    inside = place is not None and place.ref.path.startswith(ctx.here.path)
    # Below a link of guidance one may ask why one's own rights end there: the organisation is no secret.
    known = place is not None and decide(ctx, EXPLAIN.name, place.ref).reason in ("allowed", "guided")
    return place if inside and known else None


def _known(ctx: Context, account: AccountRow) -> bool:
    """Accounts of organisations within reach, and those that hold or held a grant there."""
    if decide(ctx, EXPLAIN.name, account.home).allowed:
        return True
    seen = visible(ctx, EXPLAIN.name, RoleGrant.org_path)
    return ctx.session.scalar(select(RoleGrant.id).where(RoleGrant.account_id == account.id, seen).limit(1)) is not None


def _explained(ctx: Context, account: AccountRow, permission: Permission, place: Place) -> Explanation:
    now = ctx.clock.now()
    grants, snapshot = policy.authority(ctx.session, policy.store(), account.id, now)
    decision = rules.decide(grants, snapshot, permission.name, place.ref.path)
    rows = _rows(ctx, account, place)
    roles = {row[0].role for row in rows}
    meaning = policy.store().rights(ctx.session, roles)
    called = names.labels(policy.store(), ctx.session, roles)
    edge = rules.boundary(snapshot, permission.name, place.ref.path)
    question = _Question(permission.name, place.ref.path, now, decision, meaning, called, _withdrawn(ctx, roles), edge)
    found = [question.considered(row) for row in rows]
    reason = _reason(ctx, account, permission, place, decision)
    deciding = next((item for item in found if item.verdict == "decides"), None)
    return Explanation(
        allowed=reason == "allowed",
        reason=reason,
        account=account.sign_in_name,
        account_name=account.display_name,
        permission=permission.name,
        permission_label=permission.label,
        organisation=place.name,
        organisation_code=place.code,
        at=now,
        policy_version=decision.policy_version,
        deciding=deciding,
        line=deciding.line if deciding else "",
        guided=neighbours.place_at(ctx, edge).name if edge else "",
        considered=tuple(sorted(found, key=lambda item: item.verdict != "decides")),
    )


def _reason(ctx: Context, account: AccountRow, permission: Permission, place: Place, decision: Decision) -> Reason:
    """The gate asks in this order: sign-in, reach, module, permission."""
    if account.status != "active":
        return "suspended"
    if decision.reason != "no_grant" and permission.module not in _modules_on(ctx, place):
        return "module_off"
    return decision.reason


def _modules_on(ctx: Context, place: Place) -> frozenset[str]:
    return enabled_modules(ctx.session, manager.current(), place.ref)


def _rows(ctx: Context, account: AccountRow, place: Place) -> Sequence[Any]:
    """Grants held on the line above the place, which may cover it, and those within the asker's reach."""
    giver = ACCOUNT.alias("giver")
    seen = visible(ctx, EXPLAIN.name, RoleGrant.org_path)
    return ctx.session.execute(
        select(RoleGrant, ORG.c.name, ORG.c.code, giver.c.sign_in_name)
        .join(ORG, ORG.c.id == RoleGrant.org_id)
        .outerjoin(giver, giver.c.id == RoleGrant.granted_by)
        .where(RoleGrant.account_id == account.id, or_(RoleGrant.org_path.in_(lineage(place.ref.path)), seen))
        .order_by(RoleGrant.org_path, RoleGrant.granted_at, RoleGrant.id)
    ).all()


def _withdrawn(ctx: Context, roles: Iterable[str]) -> set[str]:
    own = [identity for role in roles if (identity := policy.own_id(role)) is not None]
    found = select(OrgRole.id).where(OrgRole.id.in_(own), OrgRole.withdrawn_at.is_not(None))
    return {str(identity) for identity in ctx.session.scalars(found)} if own else set()


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, and what the answer is made of."""

    permission: str
    path: str
    now: datetime
    decision: Decision
    meaning: Snapshot
    called: Mapping[str, str]
    withdrawn: set[str]
    edge: str

    def verdict(self, grant: RoleGrant) -> Verdict:
        if grant.ended_at is not None:
            return "ended"
        if grant.not_before > self.now:
            return "not_yet"
        if grant.not_after is not None and grant.not_after <= self.now:
            return "expired"
        held = Grant(grant.id, grant.role, grant.org_id, grant.org_path, grant.reach == "subtree")
        if not held.covers(self.path):
            return "out_of_reach"
        if self.decision.grant is not None and self.decision.grant.id == grant.id:
            return "decides"
        rights = self.meaning.roles[grant.role]
        if self.permission in rights.denied:
            return "denies"
        if self.permission in rights.allowed:
            return "allows" if len(held.path) >= len(self.edge) else "guided"
        return "withdrawn" if grant.role in self.withdrawn else "lacks"

    def considered(self, row: Any) -> Considered:
        grant: RoleGrant = row[0]
        return Considered(
            id=grant.id,
            role=grant.role,
            role_label=self.called.get(grant.role, grant.role),
            organisation=row[1],
            organisation_code=row[2],
            reach="subtree" if grant.reach == "subtree" else "self",
            not_before=grant.not_before,
            not_after=grant.not_after,
            ended_at=grant.ended_at,
            granted_by=row[3] or "",
            verdict=self.verdict(grant),
            line=self.meaning.roles[grant.role].lines.get(self.permission, ""),
        )
