"""What the tree tells others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.links import LABELS

# What the audit log calls what is done here.
ACTIONS: Mapping[str, Text] = {
    "tenancy.org.create": lazy("Created an organisation"),
    "tenancy.org.update": lazy("Edited an organisation"),
    "tenancy.link.decide": lazy("Decided the kind of a link"),
    "tenancy.module.switch_on": lazy("Switched a module on"),
    "tenancy.module.switch_off": lazy("Switched a module off"),
    "tenancy.module.lay_down": lazy("Laid down a module for those below"),
    "tenancy.setting.update": lazy("Laid down settings"),
    "tenancy.manifest.apply": lazy("Applied a manifest"),
    "tenancy.document.upload": lazy("Uploaded a document"),
}

# And its fields and their values.
FIELDS: Mapping[str, Text] = {
    "link": lazy("Link to the parent"),
    **{f"link={key}": label for key, label in LABELS.items()},
    "decided_on": lazy("Decided on"),
    "document": lazy("Document"),
}


@dataclass(frozen=True, slots=True)
class OrgCreated(Event):
    """An organisation was created below another one."""

    NAME: ClassVar[str] = "tenancy.org.created"
    org_id: str
    code: str


@dataclass(frozen=True, slots=True)
class OrgChanged(Event):
    """Details of an organisation were edited; ``fields`` names which."""

    NAME: ClassVar[str] = "tenancy.org.changed"
    org_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkChanged(Event):
    """The kind of an organisation's link to its parent changed; see `banyan.modules.tenancy.links`."""

    NAME: ClassVar[str] = "tenancy.link.changed"
    org_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ModuleSwitched(Event):
    """An organisation switched a module on or off."""

    NAME: ClassVar[str] = "tenancy.module.switched"
    module: str
    on: bool


@dataclass(frozen=True, slots=True)
class ModulePolicySet(Event):
    """An organisation laid down a module for itself and all below; None: lifted."""

    NAME: ClassVar[str] = "tenancy.module.laid_down"
    module: str
    policy: str | None


@dataclass(frozen=True, slots=True)
class SettingsLaidDown(Event):
    """An organisation laid down or lifted settings for itself and all below; ``keys`` names which."""

    NAME: ClassVar[str] = "tenancy.setting.laid_down"
    keys: tuple[str, ...]
