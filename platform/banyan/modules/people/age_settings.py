"""What organisations lay down about the age of members (PPL-09): the League's limits, as data."""

from __future__ import annotations

import re

from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef

LEAGUE = frozenset({"league"})
LEAST = SettingDef(
    "people.age_least",
    lazy("Least age at admission"),
    "integer",
    14,
    help=lazy("In whole years on the day of admission."),
    minimum=0,
    maximum=120,
    wins="highest",
)
MOST = SettingDef(
    "people.age_most",
    lazy("Age at which members leave"),
    "integer",
    28,
    help=lazy("Who has completed it is listed for leaving, but for holders of posts and recorded exceptions."),
    minimum=1,
    maximum=150,
    wins="highest",
)
TYPES = SettingDef(
    "people.age_types",
    lazy("Types of organisations with limits of age"),
    "text",
    "",
    help=lazy("Keys of types of organisations, separated by spaces. Empty: those of the League."),
    minimum=0,
    maximum=200,
    wins="highest",
)
ADMISSION = SettingDef(
    "people.age_admission",
    lazy("Admission outside the limits of age"),
    "choice",
    "warn",
    choices=(
        ("refuse", lazy("Refused")),
        ("warn", lazy("Pointed out, and allowed")),
        ("off", lazy("Limits do not hold")),
    ),
    wins="highest",
)
SETTINGS = (LEAST, MOST, TYPES, ADMISSION)


def types_of(text: str) -> frozenset[str]:
    """The types named in the setting; those of the League where none is."""
    return frozenset(part for part in re.split(r"[\s,;]+", text.casefold()) if part) or LEAGUE
