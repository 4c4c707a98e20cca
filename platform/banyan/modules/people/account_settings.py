"""What organisations lay down about the accounts of members."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef

CLOSES = SettingDef(
    "people.accounts_close",
    lazy("Close a member's account when its holder leaves"),
    "boolean",
    True,
    help=lazy("With the last membership. Accounts that hold roles stay open; a restored membership opens it again."),
    wins="highest",
)
SETTINGS = (CLOSES,)
