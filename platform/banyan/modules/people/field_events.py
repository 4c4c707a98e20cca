"""What fields, saved filters and work on many members tell others, and what the audit log calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules.fields import FILLED_BY, KINDS

FIELD_ACTIONS: Mapping[str, Text] = {
    "people.field.create": lazy("Added a field to the records of members"),
    "people.field.update": lazy("Changed a field of the records of members"),
    "people.field.archive": lazy("Put a field away"),
    "people.field.restore": lazy("Brought a field back"),
    "people.field.merge": lazy("Put two fields together when organisations were merged"),
    "people.field.rename": lazy("Gave a field a new key, since one above has its own"),
    "people.filter.create": lazy("Saved a filter of members"),
    "people.filter.update": lazy("Changed a saved filter"),
    "people.filter.delete": lazy("Deleted a saved filter"),
    "people.bulk.start": lazy("Started work on many members"),
}
FIELD_FIELDS: Mapping[str, Text] = {
    "field_key": lazy("Key of the field"),
    "field_label": lazy("Name of the field"),
    "field_labels": lazy("Name in other languages"),
    "field_kind": lazy("Kind of field"),
    **{f"field_kind={key}": label for key, label in KINDS.items()},
    "field_choices": lazy("Options"),
    "field_pattern": lazy("Pattern"),
    "field_help": lazy("Help"),
    "required": lazy("Has to be filled in"),
    "is_unique": lazy("No two members have the same"),
    "sensitive": lazy("Sensitive"),
    "searchable": lazy("Can be looked up"),
    "filled_by": lazy("Filled in by"),
    **{f"filled_by={key}": label for key, label in FILLED_BY.items()},
    "position": lazy("Place in the form"),
    "archived": lazy("Put away"),
    "taken_over": lazy("Taken over by"),
    "filter_name": lazy("Name of the filter"),
    "filters": lazy("Filters"),
    "columns": lazy("Columns"),
    "shared": lazy("Shared"),
    "bulk_act": lazy("What is done"),
    "bulk_number": lazy("Number of members"),
}


@dataclass(frozen=True, slots=True)
class FieldChanged(Event):
    """An organisation laid down, changed, put away or brought back a field of its members' records."""

    NAME: ClassVar[str] = "people.field.changed"
    field_id: str
    key: str


FIELD_TYPES = (FieldChanged,)
