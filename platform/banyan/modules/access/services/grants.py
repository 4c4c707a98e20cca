"""Grant roles and take them back (ORG-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import or_, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Forbidden, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import DEFAULT_LANGUAGE, lazy
from banyan.kernel.tables import day_after, day_start
from banyan.kernel.values import Actor, OrgRef, Reach
from banyan.modules.access import neighbours, policy, rules
from banyan.modules.access.decision import decide, require
from banyan.modules.access.events import GrantEnded, RoleGranted
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.neighbours import AccountRow, nothing_here
from banyan.modules.access.permissions import GRANT_GRANT
from banyan.modules.access.services import administrators, names
from banyan.modules.audit.services import Subject, record


def require_delegable(ctx: Context, role: str, org: OrgRef, subtree: bool) -> None:
    """Refuse unless the actor holds everything ``role`` means, at ``org`` and with that reach.

    :raises Refused: naming every permission that is missing.
    """
    missing = not_delegable(ctx, ctx.actor, role, org, subtree)
    if missing:
        raise Refused(
            *(lazy("You do not hold “%(permission)s” there with that reach.", permission=label) for label in missing)
        )


def not_delegable(ctx: Context, actor: Actor, role: str, org: OrgRef, subtree: bool) -> list[Text]:
    """Labels of the permissions that ``actor`` would need to grant ``role`` and does not hold there."""
    store = policy.store()
    wanted = {GRANT_GRANT.name, *store.rights(ctx.session, [role]).roles[role].allowed}
    missing = rules.missing(actor.grants, actor.policy, wanted, org.path, subtree)
    return [store.permissions[name].label for name in missing]


def grant_by_names(ctx: Context, data: Mapping[str, Any]) -> RoleGrant:
    """Grant a role as a form or the API says it: account by sign-in name, organisation by code, days as dates.

    :param data: of `GrantCreate`. :raises Invalid: names that do not exist or are out of reach, told apart by nothing.
    """
    problems: dict[str, list[Text]] = {}
    account = neighbours.account_named(ctx, data["account"])
    if account is None or not decide(ctx, GRANT_GRANT.name, account.home).allowed:
        problems["account"] = [lazy("There is no such account within your reach.")]
    place = neighbours.place_called(ctx, data["organisation"]) if data.get("organisation") else None
    org = place.ref if place else ctx.here
    unknown = bool(data.get("organisation")) and place is None
    if unknown or not decide(ctx, GRANT_GRANT.name, org).allowed or not org.path.startswith(ctx.here.path):
        problems["organisation"] = [lazy("There is no such organisation within your reach.")]
    start, end = data.get("start"), data.get("until")
    if start is not None and start < today(ctx.clock):
        problems["start"] = [lazy("This date lies in the past.")]
    if problems or account is None:
        raise Invalid(problems)
    return grant_role(
        ctx,
        account_id=account.id,
        role=data["role"],
        org=org,
        reach=data["reach"],
        not_before=day_start(start) if start else None,
        not_after=day_after(end) if end else None,
    )


def grant_role(
    ctx: Context,
    *,
    account_id: UUID,
    role: str,
    org: OrgRef,
    reach: Reach,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> RoleGrant:
    """Give an account a role at an organisation.

    :param role: key of a built-in role, or id of an organisation's own. :param not_before: from this instant, at the
        earliest now. :param not_after: until before this instant, None for ever.
    :raises NotFound: account or organisation out of reach. :raises Invalid: dates, role. :raises Refused: nobody grants
        to themselves, nor what they do not hold; conflicting roles; the same grant twice.
    """
    ctx = replace(ctx, decision=require(ctx, GRANT_GRANT.name, org))
    account = _account_within_reach(ctx, account_id)
    start = max(not_before or ctx.clock.now(), ctx.clock.now())
    neighbours.require_standing(ctx, org)
    _check_role(ctx, role, org)
    _check_dates(ctx, start, not_after)
    if account.id == ctx.actor.account_id:
        raise Refused(lazy("Nobody grants a role to themselves."))
    require_delegable(ctx, role, org, reach == "subtree")
    return _write(ctx, account, role, org, reach, start, not_after, ctx.actor.account_id)


def grant_for_registration(
    ctx: Context, *, account_id: UUID, role: str, org: OrgRef, reach: Reach, issuer: UUID
) -> RoleGrant:
    """The grant that redeeming a registration code brings; ``issuer`` made the code and must still hold the role.

    :raises Refused: whoever issued the code may not grant this any more.
    """
    giver = neighbours.account(ctx, issuer)
    grants, snapshot = policy.authority(ctx.session, policy.store(), issuer, ctx.clock.now())
    acting = Actor(issuer, giver.sign_in_name if giver else "", "session", grants=grants, policy=snapshot)
    if giver is None or giver.status != "active" or not_delegable(ctx, acting, role, org, reach == "subtree"):
        raise Refused(lazy("Whoever issued this registration code may not give that role any more. Ask for a new one."))
    account = neighbours.account(ctx, account_id, lock=True)
    if account is None:
        raise nothing_here()
    neighbours.require_standing(ctx, org)
    _check_role(ctx, role, org)
    decision = rules.decide(grants, snapshot, GRANT_GRANT.name, org.path)
    return _write(replace(ctx, decision=decision), account, role, org, reach, ctx.clock.now(), None, issuer)


def bootstrap_grant(
    ctx: Context, *, account_id: UUID, role: str, org: OrgRef, reach: Reach, not_after: datetime | None = None
) -> RoleGrant:
    """A grant that no account gives: the first ones of a tree, out of the manifest. The same one twice is one.

    :raises Invalid: there is no such role there. :raises Refused: conflicting roles.
    """
    account = neighbours.account(ctx, account_id, lock=True)
    if account is None:
        raise nothing_here()
    _check_role(ctx, role, org)
    same = [held for held in _held(ctx, account.id) if _same(held, role, org, reach)]
    return same[0] if same else _write(ctx, account, role, org, reach, ctx.clock.now(), not_after, None)


def end_grant(ctx: Context, grant: RoleGrant) -> RoleGrant:
    """Take a role back, from this instant on; the row stays as history.

    :raises Refused: one's own grant, one that is over, the last administrator of the organisation.
    :raises Forbidden: the account belongs to a level above.
    """
    ctx = replace(ctx, decision=require(ctx, GRANT_GRANT.name, grant.org))
    now = ctx.clock.now()
    account = neighbours.account(ctx, grant.account_id)
    if account is None or not decide(ctx, GRANT_GRANT.name, account.home).allowed:
        raise Forbidden(lazy("This account belongs to an organisation beyond your reach; those above it decide."))
    if grant.account_id == ctx.actor.account_id:
        raise Refused(lazy("Nobody takes a role from themselves; somebody else has to."))
    administrators.require_one_left(ctx, [grant.org_id], lambda item: item[1].id == grant.id)
    ctx.session.refresh(grant, with_for_update={"key_share": True})
    if grant.ended_at is not None or (grant.not_after is not None and grant.not_after <= now):
        raise Refused(lazy("This grant is over already."))
    before = {**snapshot(ctx, grant, account), "ended_at": None}
    grant.ended_at, grant.ended_by = now, ctx.actor.account_id
    ctx.session.flush()
    record(
        ctx,
        "access.grant.end",
        subject(ctx, grant, account),
        org=grant.org,
        before=before,
        after={**before, "ended_at": now},
    )
    publish(ctx, grant.org, GrantEnded(str(grant.id), str(grant.account_id), grant.role))
    return grant


def subject(ctx: Context, grant: RoleGrant, account: AccountRow) -> Subject:
    """A grant as the audit log names it."""
    # Kept, and read by others: in the language of the installation, not in that of a command or of whoever acts.
    with force_locale(DEFAULT_LANGUAGE):
        label = names.label(policy.store(), ctx.session, grant.role)
    return Subject("grant", str(grant.id), f"{account.sign_in_name} · {label}")


def snapshot(ctx: Context, grant: RoleGrant, account: AccountRow) -> dict[str, Any]:
    """The values of a grant that its history shows."""
    return {
        "account": account.sign_in_name,
        "role": grant.role,
        "organisation": neighbours.place(ctx, grant.org).name,
        "reach": grant.reach,
        "not_before": grant.not_before,
        "not_after": grant.not_after,
    }


def _account_within_reach(ctx: Context, identity: UUID) -> AccountRow:
    account = neighbours.account(ctx, identity, lock=True)
    if account is None or not decide(ctx, GRANT_GRANT.name, account.home).allowed:
        raise nothing_here()
    if account.status != "active":
        raise Refused(lazy("The account %(name)s is suspended.", name=account.sign_in_name))
    return account


def _check_role(ctx: Context, role: str, org: OrgRef) -> None:
    identity = policy.own_id(role)
    own = ctx.session.get(OrgRole, identity) if identity else None
    usable = own is not None and own.withdrawn_at is None and org.path.startswith(own.org_path)
    if role not in policy.store().roles and not usable:
        raise Invalid({"role": [lazy("There is no such role at this organisation.")]})


def _check_dates(ctx: Context, start: datetime, end: datetime | None) -> None:
    if end is not None and end <= ctx.clock.now():
        raise Invalid({"until": [lazy("This date lies in the past.")]})
    if end is not None and end <= start:
        raise Invalid({"until": [lazy("The grant would end before it begins.")]})


def _held(ctx: Context, account_id: UUID) -> list[RoleGrant]:
    """Grants of an account that are not over, those to come among them."""
    lasting = or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > ctx.clock.now())
    statement = select(RoleGrant).where(RoleGrant.account_id == account_id, RoleGrant.ended_at.is_(None), lasting)
    return list(ctx.session.scalars(statement))


def _same(held: RoleGrant, role: str, org: OrgRef, reach: Reach) -> bool:
    return (held.role, held.org_id, held.reach) == (role, org.id, reach)


def _write(
    ctx: Context,
    account: AccountRow,
    role: str,
    org: OrgRef,
    reach: Reach,
    start: datetime,
    end: datetime | None,
    granted_by: UUID | None,
) -> RoleGrant:
    grant = RoleGrant(
        org_id=org.id,
        org_path=org.path,
        account_id=account.id,
        role=role,
        reach=reach,
        not_before=start,
        not_after=end,
        granted_by=granted_by,
        granted_at=ctx.clock.now(),
    )
    _refuse_clashes(ctx, grant)
    ctx.session.add(grant)
    ctx.session.flush()
    after = snapshot(ctx, grant, account)
    record(ctx, "access.grant.grant", subject(ctx, grant, account), org=org, after=after)
    publish(ctx, org, RoleGranted(str(grant.id), str(account.id), role, reach))
    return grant


def _refuse_clashes(ctx: Context, grant: RoleGrant) -> None:
    """The account's row is locked: what is read here stays so until the grant is written."""
    store = policy.store()
    reasons: list[Text] = []
    for held in _held(ctx, grant.account_id):
        if not rules.times_meet(held.not_before, held.not_after, grant.not_before, grant.not_after):
            continue
        if _same(held, grant.role, grant.org, "subtree" if grant.reach == "subtree" else "self"):
            reasons.append(lazy("The account holds this role there already."))
        elif store.conflicting(held.role, grant.role) and _meet(held, grant):
            called = names.labels(store, ctx.session, [held.role, grant.role])
            pair = {"one": called[grant.role], "other": called[held.role]}
            reasons.append(lazy("One person may not be “%(one)s” and “%(other)s” at the same place.", **pair))
    if reasons:
        raise Refused(*reasons)


def _meet(one: RoleGrant, other: RoleGrant) -> bool:
    return rules.reaches_meet(one.org_path, one.reach == "subtree", other.org_path, other.reach == "subtree")
