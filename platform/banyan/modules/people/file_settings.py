"""What organisations lay down about posts and about the first review."""

from __future__ import annotations

from pathlib import Path

from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef
from banyan.modules.people.services.posts import SINGLE_TITLES, TITLES
from banyan.modules.people.services.reviewing import BY_ANOTHER


def _listed(name: str) -> str:
    """Titles that are usual, as data of this module."""
    return (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").strip()


SETTINGS = (
    SettingDef(
        SINGLE_TITLES,
        lazy("Posts that one person holds at a time"),
        "text",
        _listed("single_titles.txt"),
        help=lazy("Titles with 、 or commas between them. Nobody can be entered in one while somebody else holds it."),
    ),
    SettingDef(
        TITLES,
        lazy("Other posts"),
        "text",
        _listed("titles.txt"),
        help=lazy("Titles that are offered when a post is noted; others can be typed in."),
    ),
    SettingDef(
        BY_ANOTHER,
        lazy("First review by somebody else"),
        "boolean",
        False,
        help=lazy("Who entered or changed a record may not review it."),
        wins="highest",
    ),
)
