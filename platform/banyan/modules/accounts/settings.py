"""What organisations lay down about accounts."""

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

SETTINGS: Sequence[SettingDef] = (CODES_ALLOWED,)
