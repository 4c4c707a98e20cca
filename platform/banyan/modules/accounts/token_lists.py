"""The list of tokens of an organisation and those below.

Plan: newest first along ``ix_api_token_created_at_id``, cut by the path of the reader's reach.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, literal, or_
from sqlalchemy.orm import aliased

from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.accounts.models import INSTANT, Account, ApiToken
from banyan.modules.accounts.rules import ENDS_SOON
from banyan.modules.tenancy.models import Org

KINDS = {"service": lazy("Service token"), "personal": lazy("Personal token")}
STATES = {
    "valid": lazy("Valid"),
    "ending": lazy("Ends soon"),
    "expired": lazy("Expired"),
    "revoked": lazy("Revoked"),
}
TONES = {"valid": "ok", "ending": "warn", "revoked": "seal"}
Holder = aliased(Account, name="token_holder")
Maker = aliased(Account, name="token_maker")

KIND: ColumnElement[str] = case((ApiToken.account_id.is_(None), "service"), else_="personal")
STATE: ColumnElement[str] = case(
    (ApiToken.revoked_at.is_not(None), "revoked"),
    (ApiToken.expires_at <= NOW, "expired"),
    (ApiToken.expires_at <= NOW + literal(ENDS_SOON), "ending"),
    else_="valid",
)


def _named(text: str) -> ColumnElement[bool]:
    return or_(
        ApiToken.name.contains(text, autoescape=True),
        ApiToken.hint == text,
        Holder.sign_in_name.startswith(text.casefold(), autoescape=True),
    )


TOKENS = TableDef(
    name="api_tokens",
    title=lazy("API tokens"),
    source=ApiToken.__table__.join(Org, Org.id == ApiToken.org_id)
    .outerjoin(Holder, Holder.id == ApiToken.account_id)
    .outerjoin(Maker, Maker.id == ApiToken.made_by),
    identity=ApiToken.id,
    columns=(
        Column("name", lazy("Name"), ApiToken.name, "link"),
        Column("kind", lazy("Kind"), KIND, "badge", KINDS),
        Column("state", lazy("State"), STATE, "badge", STATES, TONES),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("holder", lazy("Acts for"), Holder.sign_in_name, "code"),
        Column("maker", lazy("Made by"), Maker.sign_in_name, "code", shown=False),
        Column("hint", lazy("Ends in"), ApiToken.hint, "code", shown=False),
        Column("expires_at", lazy("Expires at"), ApiToken.expires_at - INSTANT, "datetime"),
        Column("used_at", lazy("Last used"), ApiToken.used_at, "datetime"),
        Column("used_from", lazy("Last address"), ApiToken.used_from, "code"),
        Column("created_at", lazy("Made at"), ApiToken.created_at, "datetime", shown=False),
    ),
    sorts=(
        Sort("-created_at", (ApiToken.created_at, ApiToken.id), descending=True),
        Sort("created_at", (ApiToken.created_at, ApiToken.id)),
    ),
    filters=(
        Filter("q", lazy("Name"), "text", _named, placeholder=lazy("Name, last four characters or sign-in name")),
        Filter("kind", lazy("Kind"), "choice", lambda value: value == KIND, lambda _s: list(KINDS.items())),
        Filter("state", lazy("State"), "choice", lambda value: value == STATE, lambda _s: list(STATES.items())),
    ),
)
