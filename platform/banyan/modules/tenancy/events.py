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
    "tenancy.org.rename": lazy("Renamed an organisation"),
    "tenancy.org.move": lazy("Moved an organisation"),
    "tenancy.org.merge": lazy("Merged an organisation into another"),
    "tenancy.org.split": lazy("Split an organisation"),
    "tenancy.org.decide_revocation": lazy("Recorded the decision to revoke an organisation"),
    "tenancy.org.withdraw_revocation": lazy("Withdrew the decision to revoke an organisation"),
    "tenancy.org.revoked": lazy("Revoked an organisation"),
    "tenancy.org.deregistered": lazy("Deregistered an organisation"),
    "tenancy.org.restore": lazy("Restored an organisation"),
    "tenancy.module.switch_on": lazy("Switched a module on"),
    "tenancy.module.switch_off": lazy("Switched a module off"),
    "tenancy.module.lay_down": lazy("Laid down a module for those below"),
    "tenancy.setting.update": lazy("Laid down settings"),
    "tenancy.manifest.apply": lazy("Applied a manifest"),
    "tenancy.organisations.import": lazy("Imported organisations"),
    "tenancy.document.upload": lazy("Uploaded a document"),
}

# And its fields and their values.
FIELDS: Mapping[str, Text] = {
    "link": lazy("Link to the parent"),
    **{f"link={key}": label for key, label in LABELS.items()},
    "decided_on": lazy("Decided on"),
    "document": lazy("Document"),
    "place": lazy("Place in the tree"),
    "other": lazy("Other organisation"),
    "number": lazy("Number"),
    "due_on": lazy("Due on"),
    "approved_on": lazy("Approved on"),
    "approval_number": lazy("Number of the approval"),
    "status=deregistered": lazy("Deregistered"),
    "status=merged": lazy("Merged into another"),
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
class OrgRenamed(Event):
    """An organisation has another name."""

    NAME: ClassVar[str] = "tenancy.org.renamed"
    org_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OrgMoved(Event):
    """An organisation stands elsewhere, with all below it."""

    NAME: ClassVar[str] = "tenancy.org.moved"
    org_id: str
    old_path: str
    path: str
    parent_id: str


@dataclass(frozen=True, slots=True)
class OrgMerged(Event):
    """An organisation went into another one, with all it had."""

    NAME: ClassVar[str] = "tenancy.org.merged"
    org_id: str
    into_id: str


@dataclass(frozen=True, slots=True)
class OrgSplit(Event):
    """An organisation was split from another one, with those below it named by ``moved``.

    Who keeps members moves those concerned when it hears this.
    """

    NAME: ClassVar[str] = "tenancy.org.split"
    org_id: str
    from_id: str
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrgRevoked(Event):
    """An organisation was revoked, or deregistered, as ``act`` says."""

    NAME: ClassVar[str] = "tenancy.org.revoked"
    org_id: str
    act: str


@dataclass(frozen=True, slots=True)
class OrgRestored(Event):
    """A revocation was undone within its grace."""

    NAME: ClassVar[str] = "tenancy.org.restored"
    org_id: str


@dataclass(frozen=True, slots=True)
class OrganisationsImported(Event):
    """Organisations at or below this one were created and changed from a spreadsheet; the file holds every change.

    :ivar file_id: a `banyan.kernel.files.StoredFile` of the organisation.
    """

    NAME: ClassVar[str] = "tenancy.organisations.imported"
    created: int
    changed: int
    file_id: str


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


EVENTS: tuple[type[Event], ...] = (
    OrgCreated,
    OrgChanged,
    LinkChanged,
    OrgRenamed,
    OrgMoved,
    OrgMerged,
    OrgSplit,
    OrgRevoked,
    OrgRestored,
    OrganisationsImported,
    ModuleSwitched,
    ModulePolicySet,
    SettingsLaidDown,
)
