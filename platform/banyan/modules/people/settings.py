"""What organisations lay down about their members."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef, SettingDef
from banyan.plugins.settings import setting

SINGLE = SettingDef(
    "people.single_membership",
    lazy("One membership only"),
    "boolean",
    True,
    help=lazy("A person can be a member of one organisation of the tree at a time."),
    wins="highest",
)
SETTINGS = (SINGLE,)


def single_membership(ctx: Context, org: OrgRef) -> bool:
    """Whether members of ``org`` may be members of no other organisation of the tree."""
    return bool(setting(ctx, SINGLE.key, org))
