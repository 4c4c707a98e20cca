"""Lists of grants and of organisations' own roles.

Plans, as ``banyan_app``: in the order of the tree by the index on ``org_path``; newest first by ``(granted_at, id)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.access import labels
from banyan.modules.access.models import OrgRole, OrgRolePermission, RoleGrant
from banyan.modules.access.neighbours import ACCOUNT, ORG
from banyan.modules.access.services.matrix import usable_roles
from banyan.modules.access.services.shown import INSTANT

GIVER = ACCOUNT.alias("giver")
STATE = case(
    (RoleGrant.ended_at.is_not(None), "ended"),
    (and_(RoleGrant.not_after.is_not(None), RoleGrant.not_after <= NOW), "expired"),
    (RoleGrant.not_before > NOW, "to_come"),
    else_="valid",
)
# The last instant at which it is valid: what people read as its end.
LAST = RoleGrant.not_after - INSTANT
# Own roles by name, built-in ones by key, for which there is a translated label.
ROLE = func.coalesce(OrgRole.name, RoleGrant.role)


def _roles(_session: Session) -> Sequence[tuple[str, Text]]:
    ctx = current()
    return [(role.key, role.label) for role in usable_roles(ctx, ctx.here)]


def _account(text: str) -> ColumnElement[bool]:
    return or_(
        ACCOUNT.c.sign_in_name.startswith(text.casefold(), autoescape=True),
        ACCOUNT.c.display_name.contains(text, autoescape=True),
    )


GRANTS = TableDef(
    name="grants",
    title=lazy("Grants"),
    source=RoleGrant.__table__.join(ACCOUNT, ACCOUNT.c.id == RoleGrant.account_id)
    .join(ORG, ORG.c.id == RoleGrant.org_id)
    .outerjoin(OrgRole.__table__, cast(OrgRole.id, String) == RoleGrant.role)
    .outerjoin(GIVER, GIVER.c.id == RoleGrant.granted_by),
    identity=RoleGrant.id,
    columns=(
        Column("account", lazy("Account"), ACCOUNT.c.sign_in_name, "code"),
        Column("account_name", lazy("Full name"), ACCOUNT.c.display_name),
        Column("role", lazy("Role"), ROLE, labels=labels.RoleNames()),
        Column("role_key", lazy("Key of the role"), RoleGrant.role, "code", shown=False),
        Column("organisation", lazy("Organisation"), ORG.c.name),
        Column("organisation_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("reach", lazy("Reach"), RoleGrant.reach, "badge", labels=labels.REACHES),
        Column("not_before", lazy("Valid from"), RoleGrant.not_before, "datetime", shown=False),
        Column("last", lazy("Valid until"), LAST, "datetime"),
        Column("not_after", lazy("Not valid from"), RoleGrant.not_after, "datetime", shown=False),
        Column("state", lazy("State"), STATE, "badge", labels=labels.STATES, tones=labels.STATE_TONES),
        Column("granted_by", lazy("Granted by"), GIVER.c.sign_in_name, "code", shown=False),
        Column("granted_at", lazy("Granted at"), RoleGrant.granted_at, "datetime", shown=False),
        Column("ended_at", lazy("Taken back at"), RoleGrant.ended_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("organisation", (RoleGrant.org_path, RoleGrant.id)),
        Sort("-granted_at", (RoleGrant.granted_at, RoleGrant.id), descending=True),
        Sort("granted_at", (RoleGrant.granted_at, RoleGrant.id)),
    ),
    filters=(
        Filter("account", lazy("Account"), "text", _account, placeholder=lazy("Sign-in name or name")),
        Filter("role", lazy("Role"), "choice", lambda value: RoleGrant.role == value, _roles),
        Filter("organisation", lazy("Code of the organisation"), "text", lambda value: ORG.c.code == value.lower()),
        Filter("state", lazy("State"), "choice", lambda value: value == STATE, lambda _s: list(labels.STATES.items())),
    ),
)

_MEANT = select(func.count()).where(OrgRolePermission.role_id == OrgRole.id).correlate(OrgRole).scalar_subquery()
_ROLE_STATE = case((OrgRole.withdrawn_at.is_(None), literal("in_use")), else_=literal("withdrawn"))

OWN_ROLES = TableDef(
    name="own_roles",
    title=lazy("Organisations' own roles"),
    source=OrgRole.__table__.join(ORG, ORG.c.id == OrgRole.org_id),
    identity=OrgRole.id,
    columns=(
        Column("name", lazy("Name"), OrgRole.name, "link"),
        Column("organisation", lazy("Organisation"), ORG.c.name),
        Column("organisation_code", lazy("Code of the organisation"), ORG.c.code, "code", shown=False),
        Column("description", lazy("Description"), OrgRole.description),
        Column("permissions", lazy("Permissions"), _MEANT, "integer"),
        Column("state", lazy("State"), _ROLE_STATE, "badge", labels=labels.ROLE_STATES, tones={"in_use": "ok"}),
        Column("created_at", lazy("Created at"), OrgRole.created_at, "datetime"),
        Column("withdrawn_at", lazy("Withdrawn at"), OrgRole.withdrawn_at, "datetime", shown=False),
    ),
    sorts=(Sort("organisation", (OrgRole.org_path, OrgRole.id)),),
    filters=(
        Filter("name", lazy("Name"), "text", lambda value: OrgRole.name.contains(value, autoescape=True)),
        Filter("organisation", lazy("Code of the organisation"), "text", lambda value: ORG.c.code == value.lower()),
        Filter(
            "state",
            lazy("State"),
            "choice",
            lambda value: value == _ROLE_STATE,
            lambda _s: list(labels.ROLE_STATES.items()),
        ),
    ),
)
