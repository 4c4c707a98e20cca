"""What organisations lay down about accounts, for themselves and all below."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef

CODES_ALLOWED = SettingDef(
    "accounts.codes_allowed",
    lazy("Registration codes may be issued"),
    "boolean",
    True,
    help=lazy("If not, accounts are opened by application only. Codes handed out before stay valid."),
    wins="highest",
)
SECOND_FACTOR = SettingDef(
    "accounts.second_factor_required",
    lazy("Second factor for everybody"),
    "boolean",
    False,
    help=lazy("Accounts here and below must set up an authenticator app; after the grace period nothing else works."),
    wins="highest",
)
GRACE_DAYS = SettingDef(
    "accounts.second_factor_grace_days",
    lazy("Days to set up the second factor in"),
    "integer",
    14,
    help=lazy("Counted from each account's first sign-in after it is asked for. 0: at once."),
    minimum=0,
    maximum=90,
    wins="highest",
)
PASSWORD_DAYS = SettingDef(
    "accounts.password_days",
    lazy("Days an administrator's password is good for"),
    "integer",
    180,
    help=lazy("Then signing in leads to a new one. 0: it does not expire."),
    minimum=0,
    maximum=3650,
    wins="highest",
)
SETTINGS: Sequence[SettingDef] = (CODES_ALLOWED, SECOND_FACTOR, GRACE_DAYS, PASSWORD_DAYS)
