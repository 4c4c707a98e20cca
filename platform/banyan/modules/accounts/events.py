"""What accounts tell others, and what their actions are called in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy


@dataclass(frozen=True, slots=True)
class AccountOpened(Event):
    """An account was opened at its home organisation."""

    NAME: ClassVar[str] = "accounts.account.opened"
    account_id: str
    sign_in_name: str


@dataclass(frozen=True, slots=True)
class AccountSuspended(Event):
    """An account was suspended; its sessions have ended."""

    NAME: ClassVar[str] = "accounts.account.suspended"
    account_id: str


@dataclass(frozen=True, slots=True)
class AccountRestored(Event):
    """A suspended account may sign in again."""

    NAME: ClassVar[str] = "accounts.account.restored"
    account_id: str


@dataclass(frozen=True, slots=True)
class AccountFrozen(Event):
    """The holder of an account reported a theft; nobody can use it until an administrator above has checked."""

    NAME: ClassVar[str] = "accounts.account.frozen"
    account_id: str
    sign_in_name: str


@dataclass(frozen=True, slots=True)
class AccountReminded(Event):
    """An administrator asks the holder of an account to make it safer."""

    NAME: ClassVar[str] = "accounts.account.reminded"
    account_id: str


@dataclass(frozen=True, slots=True)
class TokenEnding(Event):
    """A token works for 14 more days at most. ``account_id`` is empty for a service token."""

    NAME: ClassVar[str] = "accounts.token.ending"
    token_id: str
    name: str
    account_id: str
    expires_at: str


ACTIONS: Mapping[str, Text] = {
    "accounts.account.create": lazy("Account opened"),
    "accounts.account.update": lazy("Account edited"),
    "accounts.account.suspend": lazy("Account suspended"),
    "accounts.account.restore": lazy("Account restored"),
    "accounts.account.follow": lazy("Account went along with its holder"),
    "accounts.account.make_operator": lazy("Account made an operator of the installation"),
    "accounts.account.end_operator": lazy("Account no longer an operator of the installation"),
    "accounts.account.freeze": lazy("Account frozen after a report of theft"),
    "accounts.account.remind": lazy("Reminded to make the account safer"),
    "accounts.account.lock": lazy("Sign-in paused after too many failures"),
    "accounts.address.lock": lazy("Address paused after too many failures"),
    "accounts.password.update": lazy("Password changed"),
    "accounts.password.require": lazy("New password asked for"),
    "accounts.second_factor.create": lazy("Second factor set up"),
    "accounts.second_factor.delete": lazy("Second factor removed"),
    "accounts.recovery_codes.create": lazy("Recovery codes drawn"),
    "accounts.recovery_codes.use": lazy("Recovery code used"),
    "accounts.reset_code.create": lazy("One-time code issued"),
    "accounts.reset_code.redeem": lazy("One-time code used"),
    "accounts.session.create": lazy("Sign-in"),
    "accounts.session.confirm": lazy("Identity confirmed again"),
    "accounts.session.force_end": lazy("Signed out by an administrator"),
    "accounts.session.suspect": lazy("Session ended: its cookie came from another browser"),
    "accounts.session.end": lazy("Sign-out"),
    "accounts.session.end_others": lazy("Other sessions ended"),
    "accounts.token.create": lazy("API token made"),
    "accounts.token.revoke": lazy("API token revoked"),
    "accounts.code.create": lazy("Registration code issued"),
    "accounts.code.renew": lazy("Set-up code shown to the applicant"),
    "accounts.code.withdraw": lazy("Registration code withdrawn"),
    "accounts.code.redeem": lazy("Registration code used"),
}
FIELDS: Mapping[str, Text] = {
    "codes_withdrawn": lazy("Codes withdrawn"),
    "ended": lazy("Sessions ended"),
    "failures": lazy("Failed tries"),
    "organisations": lazy("Limited to organisations"),
    "reach": lazy("Reach"),
    "sessions_ended": lazy("Sessions ended"),
    "second_factor_reset": lazy("Second factor taken away"),
    "tokens_revoked": lazy("Tokens revoked"),
    "user_agent": lazy("Browser"),
}

EVENTS = (AccountOpened, AccountSuspended, AccountRestored, AccountFrozen, AccountReminded, TokenEnding)
