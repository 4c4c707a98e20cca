"""What states of plugins are called."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

STATES: Mapping[str, Text] = {
    "ok": lazy("In order"),
    "ill": lazy("Not well"),
    "failing": lazy("Fails often"),
    "behind": lazy("Tables not up to date"),
    "off": lazy("Off for all"),
    "not_loaded": lazy("Not loaded"),
    "gone": lazy("Uninstalled, data left"),
}
WINDOWS: Mapping[str, Text] = {
    "coming": lazy("Announced"),
    "running": lazy("Running"),
    "over": lazy("Over"),
}
KINDS: Mapping[str, Text] = {
    "maintenance": lazy("Maintenance"),
    "emergency": lazy("Emergency announcement"),
}
TONES: Mapping[str, str] = {
    "ok": "ok",
    "ill": "warn",
    "failing": "seal",
    "behind": "seal",
    "off": "warn",
    "not_loaded": "seal",
    "gone": "",
}
