"""What operators do, as the audit log calls it."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

ACTIONS: Mapping[str, Text] = {
    "operators.keys.rewrap": lazy("Keys wrapped with a changed secret"),
    "operators.keys.rotate": lazy("A new key made, and everything sealed with it"),
    "operators.plugin.switch_off": lazy("Plugin switched off for all"),
    "operators.plugin.switch_on": lazy("Plugin no longer switched off for all"),
    "operators.plugin.purge": lazy("Data of an uninstalled plugin written out and dropped"),
    "operators.plugin.forget_failures": lazy("Failures of a plugin counted anew"),
    "operators.maintenance.announce": lazy("Announced maintenance"),
    "operators.maintenance.change": lazy("Changed announced maintenance"),
    "operators.maintenance.begin": lazy("Began maintenance early"),
    "operators.maintenance.end": lazy("Ended maintenance"),
    "operators.emergency.end": lazy("Took an emergency announcement down"),
}
FIELDS: Mapping[str, Text] = {
    "effects": lazy("What it means for people"),
    "begins_at": lazy("Begins at"),
    "ends_at": lazy("Ends at"),
    "ended_at": lazy("Ended at"),
}
