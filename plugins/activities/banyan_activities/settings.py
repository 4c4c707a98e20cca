"""What an organisation lays down for itself and those below."""

from banyan.sdk import SettingDef, lazy

BUDGET, PEOPLE, FREE = "activities.major_budget", "activities.major_people", "activities.without_approval"

SETTINGS = (
    SettingDef(
        BUDGET,
        lazy("Major by budget"),
        "integer",
        20_000,
        help=lazy("A plan with a higher budget, in yuan, needs the council. 0: no budget is too high."),
        minimum=0,
        maximum=100_000_000,
    ),
    SettingDef(
        PEOPLE,
        lazy("Major by heads"),
        "integer",
        200,
        help=lazy("A plan for more people needs the council. 0: no number is too high."),
        minimum=0,
        maximum=1_000_000,
    ),
    SettingDef(
        FREE,
        lazy("Publish without approval"),
        "boolean",
        False,
        help=lazy("Activities that are not major are published by those who plan them, without asking anybody."),
        wins="highest",
    ),
)
