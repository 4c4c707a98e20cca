"""An organisation's own roles: define, edit, withdraw (ORG-10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask_babel import force_locale
from sqlalchemy import or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import LANGUAGES, lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access import policy, rules
from banyan.modules.access.decision import require
from banyan.modules.access.events import OwnRoleChanged
from banyan.modules.access.models import OrgRole, OrgRolePermission, PolicyStamp, RoleGrant
from banyan.modules.access.permissions import GRANT_GRANT, ROLE_UPDATE
from banyan.modules.access.services import administrators
from banyan.modules.audit.services import Subject, changes, record


def create_role(ctx: Context, data: Mapping[str, Any]) -> OrgRole:
    """Define a role of the organisation of the request; usable there and below.

    :param data: of `OwnRoleCreate`. :raises Refused: naming every permission the actor does not hold throughout.
    """
    ctx = replace(ctx, decision=require(ctx, ROLE_UPDATE.name, ctx.here))
    wanted = set(data["permissions"])
    _check(ctx, data["name"], wanted)
    _require_held(ctx, wanted, ctx.here)
    role = OrgRole(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        name=data["name"],
        description=data["description"],
        stamp=_bump(ctx),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        lines=[OrgRolePermission(permission=name) for name in sorted(wanted)],
    )
    ctx.session.add(role)
    ctx.session.flush()
    record(ctx, "access.role.create", subject(role), org=role.org, after=snapshot(role))
    publish(ctx, role.org, OwnRoleChanged(role.key, False))
    return role


def update_role(ctx: Context, role: OrgRole, data: Mapping[str, Any]) -> OrgRole:
    """Edit an own role; it means its new permissions to everybody who holds it, from their next request on.

    :param data: of `OwnRoleUpdate`. :raises Conflict: somebody edited it since ``data["version"]`` was read.
    :raises Refused: permissions, present or added, that the actor does not hold; a last administrator would go.
    """
    ctx = replace(ctx, decision=require(ctx, ROLE_UPDATE.name, role.org))
    _check_version(role, data["version"])
    wanted, present = set(data["permissions"]), {line.permission for line in role.lines}
    _check(ctx, data["name"], wanted)
    known = policy.store().permissions
    _require_held(ctx, wanted | {name for name in present if name in known}, role.org)
    if GRANT_GRANT.name in present - wanted:
        _require_administrators(ctx, role)
    before = snapshot(role)
    role.name, role.description, role.stamp = data["name"], data["description"], _bump(ctx)
    role.lines = [line for line in role.lines if line.permission in wanted]
    role.lines += [OrgRolePermission(permission=name) for name in sorted(wanted - present)]
    ctx.session.flush()
    old, new = changes(before, snapshot(role))
    record(ctx, "access.role.update", subject(role), org=role.org, before=old, after=new)
    publish(ctx, role.org, OwnRoleChanged(role.key, False))
    return role


def withdraw_role(ctx: Context, role: OrgRole, version: int) -> OrgRole:
    """Withdraw an own role, by its organisation or one above: whoever holds it has nothing by it from now on.

    :param version: the one that was read. :raises Conflict: as in `update_role`. :raises Refused: as in `update_role`.
    """
    ctx = replace(ctx, decision=require(ctx, ROLE_UPDATE.name, role.org))
    _check_version(role, version)
    if any(line.permission == GRANT_GRANT.name for line in role.lines):
        _require_administrators(ctx, role)
    role.withdrawn_at, role.stamp = ctx.clock.now(), _bump(ctx)
    ctx.session.flush()
    before, after = ({**snapshot(role), "withdrawn_at": instant} for instant in (None, role.withdrawn_at))
    record(ctx, "access.role.withdraw", subject(role), org=role.org, before=before, after=after)
    publish(ctx, role.org, OwnRoleChanged(role.key, True))
    return role


def holdable(ctx: Context, org: OrgRef) -> list[str]:
    """Permissions that the actor holds throughout ``org`` and everything below: what an own role there may mean."""
    names = policy.store().permissions
    missing = set(rules.missing(ctx.actor.grants, ctx.actor.policy, names, org.path, True))
    return [name for name in names if name not in missing]


def holders(ctx: Context, role: OrgRole) -> int:
    """How many grants of a role are not over."""
    lasting = or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > ctx.clock.now())
    statement = select(RoleGrant.id).where(RoleGrant.role == role.key, RoleGrant.ended_at.is_(None), lasting)
    return len(ctx.session.scalars(statement).all())


def subject(role: OrgRole) -> Subject:
    """An own role as the audit log names it."""
    return Subject("role", role.key, role.name)


def snapshot(role: OrgRole) -> dict[str, Any]:
    """The values of an own role that its history shows."""
    permissions = sorted(line.permission for line in role.lines)
    return {"name": role.name, "description": role.description, "permissions": permissions}


def _check_version(role: OrgRole, version: int) -> None:
    if role.withdrawn_at is not None:
        raise Refused(lazy("This role has been withdrawn."))
    if role.version != version:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))


def _check(ctx: Context, name: str, wanted: set[str]) -> None:
    store = policy.store()
    problems: dict[str, list[Text]] = {}
    unknown = sorted(wanted - store.permissions.keys())
    if unknown:
        problems["permissions"] = [lazy("There is no permission “%(name)s”.", name=item[:80]) for item in unknown]
    if name.casefold() in _builtin_names():
        problems["name"] = [lazy("A built-in role is called this; choose another name.")]
    if problems:
        raise Invalid(problems)


def _builtin_names() -> set[str]:
    """What built-in roles are called, in every language."""
    found = set(policy.store().roles)
    for language in LANGUAGES:
        with force_locale(language):
            found |= {str(role.label).casefold() for role in policy.store().roles.values()}
    return found


def _require_held(ctx: Context, wanted: Iterable[str], org: OrgRef) -> None:
    missing = rules.missing(ctx.actor.grants, ctx.actor.policy, wanted, org.path, True)
    if missing:
        labels = [policy.store().permissions[name].label for name in missing]
        raise Refused(
            *(lazy("You do not hold “%(permission)s” here and throughout below.", permission=label) for label in labels)
        )


def _require_administrators(ctx: Context, role: OrgRole) -> None:
    held_at = select(RoleGrant.org_id).where(RoleGrant.role == role.key, RoleGrant.ended_at.is_(None)).distinct()
    places = ctx.session.scalars(held_at).all()
    administrators.require_one_left(ctx, places, lambda item: item[1].role == role.key)


def _bump(ctx: Context) -> int:
    """The next version of the policy, in this transaction; others who edit roles wait for its end."""
    statement = update(PolicyStamp).where(PolicyStamp.id == 1).values(version=PolicyStamp.version + 1)
    return ctx.session.execute(statement.returning(PolicyStamp.version)).scalar_one()
