"""Lists of applications and invitations.

Plan of a page: the range of ``org_path`` of the reader's place, sorted by ``created_at, id``; in a big subtree the
index ``ix_administrator_application_created_at_id`` (for invitations ``ix_administrator_key_created_at_id``) backwards,
until the page is full.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, or_
from sqlalchemy.orm import aliased

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.accounts import rules as account_rules
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.administrators.events import ORIGINS, STATES
from banyan.modules.administrators.models import AdministratorApplication as Application
from banyan.modules.administrators.models import AdministratorKey as Key
from banyan.modules.tenancy.lists import level_choices
from banyan.modules.tenancy.models import Org

# A state of the list alone: whether the new administrator has set the account up.
SHOWN = {**STATES, "working": lazy("Account set up")}
TONES = {"sent": "warn", "returned": "seal", "approved": "ok", "working": "ok"}
KEY_STATES = {
    "open": lazy("Open"),
    "used": lazy("Used"),
    "withdrawn": lazy("Withdrawn"),
    "expired": lazy("Expired"),
}
Former, Inviter = aliased(Account, name="former"), aliased(Account, name="inviter")

STATE: ColumnElement[str] = case((RegistrationCode.used_at.is_not(None), "working"), else_=Application.state)
KEY_STATE: ColumnElement[str] = case(
    (Key.used_at.is_not(None), "used"),
    (Key.withdrawn_at.is_not(None), "withdrawn"),
    (Key.expires_at <= NOW, "expired"),
    else_="open",
)


def _named(text: str) -> ColumnElement[bool]:
    return or_(
        Application.administrator.contains(text, autoescape=True),
        Application.person_in_charge.contains(text, autoescape=True),
        Application.administrator_phone.contains(text, autoescape=True),
        Application.sign_in_name.contains(account_rules.sign_in_name(text), autoescape=True),
        Org.name.contains(text, autoescape=True),
    )


APPLICATIONS = TableDef(
    name="administrator_applications",
    title=lazy("Applications for administrator accounts"),
    source=Application.__table__.join(Org, Org.id == Application.org_id)
    .outerjoin(RegistrationCode, RegistrationCode.id == Application.code_id)
    .outerjoin(Former, Former.id == Application.replaces),
    identity=Application.id,
    columns=(
        Column("administrator", lazy("New administrator"), Application.administrator, "link"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("state", lazy("State"), STATE, "badge", SHOWN, TONES),
        Column("person_in_charge", lazy("Person in charge"), Application.person_in_charge),
        Column("phone", lazy("Phone"), Application.phone, "code", shown=False),
        Column("administrator_phone", lazy("Mobile phone"), Application.administrator_phone, "code"),
        Column("sign_in_name", lazy("Sign-in name"), Application.sign_in_name, "code", shown=False),
        Column("replaces", lazy("In place of"), Former.display_name),
        Column("origin", lazy("How it came in"), Application.origin, labels=ORIGINS, shown=False),
        Column("created_at", lazy("Filled in at"), Application.created_at, "datetime"),
        Column("sent_at", lazy("Sent at"), Application.sent_at, "datetime", shown=False),
        Column("decided_at", lazy("Decided at"), Application.decided_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (Application.created_at, Application.id), descending=True),
        Sort("created_at", (Application.created_at, Application.id)),
        Sort("tree", (Application.org_path, Application.id)),
    ),
    filters=(
        Filter("q", lazy("Name or phone"), "text", _named, placeholder=lazy("Organisation, person or phone")),
        Filter("state", lazy("State"), "choice", lambda value: value == STATE, lambda _s: list(SHOWN.items())),
        Filter("level", lazy("Level"), "choice", lambda value: Org.level == value, level_choices),
        Filter("change", lazy("Changes only"), "boolean", lambda value: Application.replaces.is_not(None) == value),
    ),
)

INVITATIONS = TableDef(
    name="administrator_invitations",
    title=lazy("Invitations to apply"),
    source=Key.__table__.join(Org, Org.id == Key.org_id).outerjoin(Inviter, Inviter.id == Key.created_by),
    identity=Key.id,
    columns=(
        Column("hint", lazy("Ends in"), Key.hint, "code"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("note", lazy("Note"), Key.note),
        Column("state", lazy("State"), KEY_STATE, "badge", KEY_STATES, {"open": "ok"}),
        Column("expires_at", lazy("Expires at"), Key.expires_at, "datetime"),
        Column("issuer", lazy("Issued by"), Inviter.display_name, shown=False),
        Column("created_at", lazy("Issued at"), Key.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (Key.created_at, Key.id), descending=True),
        Sort("created_at", (Key.created_at, Key.id)),
    ),
    filters=(
        Filter("state", lazy("State"), "choice", lambda value: value == KEY_STATE, lambda _s: list(KEY_STATES.items())),
        Filter("note", lazy("Note"), "text", lambda text: Key.note.contains(text, autoescape=True)),
    ),
)
