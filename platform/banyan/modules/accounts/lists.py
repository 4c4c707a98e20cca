"""Lists of accounts and registration codes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, case, cast, func, or_
from sqlalchemy.orm import aliased

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.access.models import OrgRole
from banyan.modules.access.permissions import ROLES
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.schemas import REACHES
from banyan.modules.tenancy.lists import level_choices
from banyan.modules.tenancy.models import Org

STATUS = {"active": lazy("Active"), "suspended": lazy("Suspended"), "frozen": lazy("Frozen")}
STATES = {
    "open": lazy("Open"),
    "used": lazy("Used"),
    "withdrawn": lazy("Withdrawn"),
    "expired": lazy("Expired"),
}

Issuer = aliased(Account, name="issuer")
Holder = aliased(Account, name="holder")

CODE_STATE: ColumnElement[str] = case(
    (RegistrationCode.used_at.is_not(None), "used"),
    (RegistrationCode.withdrawn_at.is_not(None), "withdrawn"),
    (RegistrationCode.expires_at <= NOW, "expired"),
    else_="open",
)


def _named(text: str) -> ColumnElement[bool]:
    return or_(
        Account.sign_in_name.contains(rules.sign_in_name(text), autoescape=True),
        Account.display_name.contains(text, autoescape=True),
        Account.phone.contains(text, autoescape=True),
    )


ACCOUNTS = TableDef(
    name="accounts",
    title=lazy("Accounts"),
    source=Account.__table__.join(Org, Org.id == Account.org_id),
    identity=Account.id,
    columns=(
        Column("display_name", lazy("Full name"), Account.display_name, "link"),
        Column("sign_in_name", lazy("Sign-in name"), Account.sign_in_name, "code"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("phone", lazy("Phone"), Account.phone, "code"),
        Column(
            "status",
            lazy("Status"),
            Account.status,
            "badge",
            STATUS,
            {"active": "ok", "suspended": "seal", "frozen": "seal"},
        ),
        Column("last_sign_in_at", lazy("Last sign-in"), Account.last_sign_in_at, "datetime"),
        Column("created_at", lazy("Opened at"), Account.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("tree", (Account.org_path, Account.id)),
        Sort("sign_in_name", (Account.sign_in_name, Account.id)),
        Sort("-sign_in_name", (Account.sign_in_name, Account.id), descending=True),
        Sort("-created_at", (Account.created_at, Account.id), descending=True),
        Sort("created_at", (Account.created_at, Account.id)),
    ),
    filters=(
        Filter("q", lazy("Name or phone"), "text", _named, placeholder=lazy("Name, sign-in name or phone")),
        Filter("level", lazy("Level"), "choice", lambda value: Org.level == value, level_choices),
        Filter(
            "status", lazy("Status"), "choice", lambda value: Account.status == value, lambda _s: list(STATUS.items())
        ),
    ),
)

CODES = TableDef(
    name="registration_codes",
    title=lazy("Registration codes"),
    source=RegistrationCode.__table__.join(Org, Org.id == RegistrationCode.org_id)
    .outerjoin(OrgRole, cast(OrgRole.id, Text) == RegistrationCode.role)
    .outerjoin(Issuer, Issuer.id == RegistrationCode.created_by)
    .outerjoin(Holder, Holder.id == RegistrationCode.used_by),
    identity=RegistrationCode.id,
    columns=(
        Column("hint", lazy("Ends in"), RegistrationCode.hint, "code"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column(
            "role",
            lazy("Role"),
            func.coalesce(OrgRole.name, RegistrationCode.role),
            labels={role.key: role.label for role in ROLES},
        ),
        Column("reach", lazy("Reach"), RegistrationCode.reach, labels=dict(REACHES), shown=False),
        Column("note", lazy("Note"), RegistrationCode.note),
        Column("state", lazy("State"), CODE_STATE, "badge", STATES, {"open": "ok"}),
        Column("expires_at", lazy("Expires at"), RegistrationCode.expires_at, "datetime"),
        Column("holder", lazy("Account set up"), Holder.sign_in_name, "code"),
        Column("issuer", lazy("Issued by"), Issuer.display_name, shown=False),
        Column("created_at", lazy("Issued at"), RegistrationCode.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (RegistrationCode.created_at, RegistrationCode.id), descending=True),
        Sort("created_at", (RegistrationCode.created_at, RegistrationCode.id)),
    ),
    filters=(
        Filter("state", lazy("State"), "choice", lambda value: value == CODE_STATE, lambda _s: list(STATES.items())),
        Filter("note", lazy("Note"), "text", lambda text: RegistrationCode.note.contains(text, autoescape=True)),
    ),
)
