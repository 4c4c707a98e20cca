"""What organisations lay down about personal data."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef, SettingDef
from banyan.plugins.settings import setting

LOOKS = SettingDef(
    "privacy.looks_a_day",
    lazy("Looks at sensitive data a day"),
    "integer",
    30,
    help=lazy("When an account looks at more members than this in a day, administrators are told."),
    minimum=1,
    maximum=100_000,
    wins="highest",
)
YEARS = SettingDef(
    "privacy.retention_years",
    lazy("Years to keep the data of those who left"),
    "integer",
    5,
    help=lazy("Afterwards they are listed; an administrator confirms that they are erased."),
    minimum=1,
    maximum=100,
    wins="highest",
)
SETTINGS = (LOOKS, YEARS)


def looks_a_day(ctx: Context, org: OrgRef) -> int:
    """How many members an account may look at in a day before administrators are told."""
    return int(setting(ctx, LOOKS.key, org))


def retention_years(ctx: Context, org: OrgRef) -> int:
    """How many years the data of those who left is kept."""
    return int(setting(ctx, YEARS.key, org))
