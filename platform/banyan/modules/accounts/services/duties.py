"""What an account has to do before, or besides, anything else: a new password, a second factor.

It is worked out when somebody signs in and kept with the session, so that a request asks for nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access import policy
from banyan.modules.accounts import strength
from banyan.modules.accounts.models import Account, AccountSession
from banyan.modules.accounts.security_models import SecondFactor
from banyan.modules.accounts.settings import GRACE_DAYS, PASSWORD_DAYS, SECOND_FACTOR
from banyan.plugins import manager, settings

PASSWORD, FACTOR = "password", "second_factor"
OBLIGATIONS = {PASSWORD: "accounts_pages.password", FACTOR: "accounts_pages.security"}
_ALWAYS = frozenset({"accounts_pages.sign_out", "accounts_pages.theft_own"})
_CONFIRMING = {"accounts_pages.confirm", "accounts_pages.confirm_try"}
_SETTING_UP = {
    "accounts_pages.security",
    "accounts_pages.second_factor_begin",
    "accounts_pages.second_factor_set_up",
    "accounts_pages.second_factor_confirm",
}
_OPEN = {
    PASSWORD: _ALWAYS | {"accounts_pages.password", "accounts_pages.password_update"},
    FACTOR: _ALWAYS | _CONFIRMING | _SETTING_UP,
}
WARNED = timedelta(days=14)
ORDINARY = "member"


@dataclass(frozen=True, slots=True)
class Demands:
    """What the organisations of an account ask of it: the strictest of each.

    :ivar password_days: days a password is good for, 0: as long as it likes. :ivar grace_days: to set up the factor in.
    """

    second_factor: bool
    grace_days: int
    password_days: int


@dataclass(frozen=True, slots=True)
class Duties:
    """What is kept with a session.

    :ivar obligation: a key of `OBLIGATIONS`, or empty. :ivar notice: of `notes`, None when there is nothing to say.
    """

    obligation: str
    notice: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Note:
    """A line above every page; ``endpoint`` is where to do something about it."""

    text: Text
    endpoint: str


def of(ctx: Context, account: Account) -> Duties:
    """What ``account`` has to do now. Notes when a second factor was first asked for: the grace period begins there."""
    grants, _snapshot = policy.authority(ctx.session, policy.store(), account.id, ctx.clock.now())
    places = {grant.path: OrgRef(grant.org_id, grant.path) for grant in grants}
    demands = demanded(ctx, {**places, account.org_path: account.org}.values())
    administrator = any(grant.role != ORDINARY for grant in grants)
    password_end = _password_end(account, demands) if administrator else None
    factor_end = _factor_end(ctx, account, demands)
    now, said = ctx.clock.now(), dict[str, Any]()
    if password_end is not None and now >= password_end - WARNED:
        said["password_by"] = password_end.isoformat()
    if factor_end is not None:
        said["second_factor_by"] = factor_end.isoformat()
    if account.reminded_at is not None and (factor_end is not None or account.password_policy < strength.POLICY):
        said["reminded"] = True
    if account.password_due or (password_end is not None and now >= password_end):
        return Duties(PASSWORD, said or None)
    return Duties(FACTOR if factor_end is not None and now >= factor_end else "", said or None)


def demanded(ctx: Context, places: Iterable[OrgRef]) -> Demands:
    """What is laid down for the given organisations: the strictest of all of them."""
    found = [settings.values(ctx.session, manager.current(), place) for place in places]
    asked = [one for one in found if one[SECOND_FACTOR.key]]
    days = [int(one[PASSWORD_DAYS.key]) for one in found if one[PASSWORD_DAYS.key]]
    return Demands(bool(asked), min((int(one[GRACE_DAYS.key]) for one in asked), default=0), min(days, default=0))


def _password_end(account: Account, demands: Demands) -> datetime | None:
    if not demands.password_days or account.password_changed_at is None:
        return None
    return account.password_changed_at + timedelta(days=demands.password_days)


def _factor_end(ctx: Context, account: Account, demands: Demands) -> datetime | None:
    """When the account must have set up its second factor; None when nobody asks, or it has one."""
    has = ctx.session.scalar(
        select(SecondFactor.account_id).where(
            SecondFactor.account_id == account.id, SecondFactor.confirmed_at.is_not(None)
        )
    )
    wanted = demands.second_factor and has is None
    since = (account.second_factor_asked_at or ctx.clock.now()) if wanted else None
    if since != account.second_factor_asked_at:
        ctx.session.execute(
            update(Account)
            .where(Account.id == account.id)
            .values(second_factor_asked_at=since)
            .execution_options(synchronize_session=False)
        )
    return since + timedelta(days=demands.grace_days) if since is not None else None


def open_to(obligation: str, endpoint: str | None) -> bool:
    """Whether a session with ``obligation`` may enter a view: only those with which it is met, and the way out."""
    return not obligation or endpoint in _OPEN.get(obligation, _ALWAYS)


def renew(ctx: Context, account: Account) -> Duties:
    """Work out anew what the session of the request has to do, after something was done."""
    ctx.session.flush()
    duties = of(ctx, account)
    if ctx.actor.via == "session":
        ctx.session.execute(
            update(AccountSession)
            .where(AccountSession.id == ctx.actor.credential_id)
            .values(obligation=duties.obligation, notice=duties.notice)
            .execution_options(synchronize_session=False)
        )
    return duties


def notes(notice: dict[str, Any] | None, now: datetime) -> list[Note]:
    """What a session's notice says, as lines above the page."""
    said = notice or {}
    found = []
    if "second_factor_by" in said:
        day, days = _until(said["second_factor_by"], now)
        text = lazy(
            "Your organisation asks for a second factor: set it up until %(day)s (days left: %(n)s).", day=day, n=days
        )
        found.append(Note(text, OBLIGATIONS[FACTOR]))
    if "password_by" in said:
        day, days = _until(said["password_by"], now)
        text = lazy(
            "Your password is good until %(day)s (days left: %(n)s). Then a new one is asked for.", day=day, n=days
        )
        found.append(Note(text, OBLIGATIONS[PASSWORD]))
    if said.get("reminded") and not found:
        text = lazy("The administrator above asks you to make your account safer: a strong password, a second factor.")
        found.append(Note(text, "accounts_pages.security"))
    return found


def _until(said: str, now: datetime) -> tuple[str, int]:
    end = datetime.fromisoformat(said)
    return end.astimezone(SHANGHAI).date().isoformat(), max(0, (end - now).days)
