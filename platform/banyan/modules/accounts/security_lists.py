"""Lists about signing in: who is online, the log of sign-ins, the findings of the check-up.

Plans, as ``banyan_app``. Online: newest use first walks ``ix_account_session_live`` (live sessions alone) backwards and
looks each account up; below a small organisation the accounts of ``ix_account_org_path`` are joined to their sessions
and sorted. Sign-ins over a wide subtree walk ``ix_sign_in_at_id`` backwards, of an account or a small organisation they
come by ``ix_sign_in_account_id_at``; nothing is read beyond the page in either case. Findings: see `services.checkup`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, case, exists, or_, select
from sqlalchemy.orm import Session

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account, AccountSession
from banyan.modules.accounts.security_models import SecondFactor, SignIn
from banyan.modules.accounts.services.checkup import predicate
from banyan.modules.tenancy.models import Org

OUTCOMES: Mapping[str, Text] = {
    "in": lazy("Signed in"),
    "wrong": lazy("Wrong password"),
    "code_wrong": lazy("Wrong code"),
    "suspended": lazy("Suspended account"),
    "frozen": lazy("Frozen account"),
}
TONES = {"in": "ok", "wrong": "warn", "code_wrong": "warn", "suspended": "seal", "frozen": "seal"}
KINDS: Mapping[str, Text] = {
    "stale": lazy("Not signed in for 90 days"),
    "weak": lazy("Password not seen to meet the present rules"),
    "old": lazy("Password older than 180 days"),
    "no_factor": lazy("Administrator without second factor"),
    "shared": lazy("Used from many addresses"),
    "orphan": lazy("Without role, never set up, or of a revoked organisation"),
}


class BrowserNames(Mapping[str, Text]):
    """What people call the browser of a ``User-Agent``."""

    def __getitem__(self, key: str) -> Text:
        return rules.browser_name(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def named(text: str) -> ColumnElement[bool]:
    """The predicate of accounts whose sign-in name or name holds ``text``."""
    return or_(
        Account.sign_in_name.contains(rules.sign_in_name(text), autoescape=True),
        Account.display_name.contains(text, autoescape=True),
    )


def _outcomes(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(OUTCOMES.items())


def _kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(KINDS.items())


WHO = (
    Column("display_name", lazy("Full name"), Account.display_name, "link"),
    Column("sign_in_name", lazy("Sign-in name"), Account.sign_in_name, "code"),
    Column("org_name", lazy("Organisation"), Org.name),
    Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
)
_BY_NAME = Filter("q", lazy("Name"), "text", named, placeholder=lazy("Name or sign-in name"))

ONLINE = TableDef(
    name="online",
    title=lazy("Online users"),
    source=AccountSession.__table__.join(Account, Account.id == AccountSession.account_id).join(
        Org, Org.id == Account.org_id
    ),
    identity=AccountSession.id,
    columns=(
        *WHO,
        Column("address", lazy("Network address"), AccountSession.address, "code"),
        Column("user_agent", lazy("Browser"), AccountSession.user_agent, labels=BrowserNames()),
        Column("created_at", lazy("Signed in at"), AccountSession.created_at, "datetime"),
        Column("seen_at", lazy("Last used"), AccountSession.seen_at, "datetime"),
        Column("account_id", lazy("Account"), Account.id, "code", shown=False),
    ),
    sorts=(
        Sort("-seen_at", (AccountSession.seen_at, AccountSession.id), descending=True),
        Sort("seen_at", (AccountSession.seen_at, AccountSession.id)),
    ),
    filters=(
        _BY_NAME,
        Filter(
            "address", lazy("Network address"), "text", lambda v: AccountSession.address.startswith(v, autoescape=True)
        ),
    ),
)

_ABOUT_SIGN_IN = (
    Column("outcome", lazy("Outcome"), SignIn.outcome, "badge", OUTCOMES, TONES),
    Column("address", lazy("Network address"), SignIn.address, "code"),
    Column("user_agent", lazy("Browser"), SignIn.user_agent, labels=BrowserNames()),
    Column("new_device", lazy("New browser"), SignIn.new_device, "boolean"),
)
_SIGN_IN_SORTS = (
    Sort("-at", (SignIn.at, SignIn.id), descending=True),
    Sort("at", (SignIn.at, SignIn.id)),
)
_SIGN_IN_FILTERS = (
    Filter("outcome", lazy("Outcome"), "choice", lambda value: SignIn.outcome == value, _outcomes),
    Filter("address", lazy("Network address"), "text", lambda v: SignIn.address.startswith(v, autoescape=True)),
    Filter("from", lazy("From"), "date", lambda day: SignIn.at >= day_start(day)),
    Filter("until", lazy("Until"), "date", lambda day: SignIn.at < day_after(day)),
)

SIGN_INS = TableDef(
    name="sign_ins",
    title=lazy("Log of sign-ins"),
    source=SignIn.__table__.join(Account, Account.id == SignIn.account_id).join(Org, Org.id == Account.org_id),
    identity=SignIn.id,
    columns=(
        Column("at", lazy("When"), SignIn.at, "datetime"),
        *WHO,
        *_ABOUT_SIGN_IN,
        Column("account_id", lazy("Account"), Account.id, "code", shown=False),
    ),
    sorts=_SIGN_IN_SORTS,
    filters=(_BY_NAME, *_SIGN_IN_FILTERS),
)

OWN_SIGN_INS = TableDef(
    name="own_sign_ins",
    title=lazy("Sign-ins"),
    source=SignIn.__table__,
    identity=SignIn.id,
    columns=(Column("at", lazy("When"), SignIn.at, "datetime"), *_ABOUT_SIGN_IN),
    sorts=_SIGN_IN_SORTS,
    filters=_SIGN_IN_FILTERS,
)

_HAS_FACTOR: ColumnElement[bool] = exists(
    select(1).where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None))
)

FINDINGS = TableDef(
    name="checkup",
    title=lazy("Security check-up"),
    source=Account.__table__.join(Org, Org.id == Account.org_id),
    identity=Account.id,
    columns=(
        *WHO,
        Column("last_sign_in_at", lazy("Last sign-in"), Account.last_sign_in_at, "datetime"),
        Column("password_changed_at", lazy("Password changed at"), Account.password_changed_at, "datetime"),
        Column("second_factor", lazy("Second factor"), case((_HAS_FACTOR, True), else_=False), "boolean"),
        Column("reminded_at", lazy("Reminded at"), Account.reminded_at, "datetime"),
    ),
    sorts=(
        Sort("tree", (Account.org_path, Account.id)),
        Sort("-created_at", (Account.created_at, Account.id), descending=True),
    ),
    filters=(
        Filter("kind", lazy("Finding"), "choice", predicate, _kinds),
        _BY_NAME,
    ),
)
