"""What an organisation lays down for itself and those below."""

from banyan.sdk import SettingDef, lazy

KEPT_DAYS = "sample.kept_days"
SETTINGS = (
    SettingDef(
        KEPT_DAYS,
        lazy("Notes are kept for"),
        "integer",
        365,
        help=lazy("Days; older notes are thrown away at night."),
        minimum=1,
        maximum=3650,
    ),
)
