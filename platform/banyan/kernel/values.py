"""Small immutable values that every floor speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from banyan.kernel.errors import Text
from banyan.kernel.guidance import Guidance

Reach = Literal["self", "subtree"]


@dataclass(frozen=True, slots=True)
class OrgRef:
    """An organisation as the kernel knows it: identity and place in the tree."""

    id: UUID
    path: str


class Grant(NamedTuple):
    """A role that an account holds at an organisation, valid at the moment it was read.

    :ivar path: where it is held. :ivar subtree: whether it reaches the organisations below as well.
    """

    id: UUID
    role: str
    org_id: UUID
    path: str
    subtree: bool

    def covers(self, path: str) -> bool:
        """Whether the organisation at ``path`` is within reach."""
        return path.startswith(self.path) if self.subtree else path == self.path


class Rights(NamedTuple):
    """What one role means, as Casbin evaluated it."""

    allowed: frozenset[str]
    denied: frozenset[str]
    lines: Mapping[str, str]


NO_RIGHTS = Rights(frozenset(), frozenset(), {})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All roles evaluated under one policy version. Published whole and never changed.

    :ivar guidance: where rights from above end; None where every link is one of leadership.
    :ivar across: permissions that reach across a link of guidance all the same.
    """

    version: int
    roles: Mapping[str, Rights]
    guidance: Guidance | None = None
    across: frozenset[str] = frozenset()


EMPTY_SNAPSHOT = Snapshot(0, {})


class Decision(NamedTuple):
    """The answer to "may this actor do that there", with what decided it.

    :ivar reason: ``guided``: a grant above would allow it, but a link of guidance lies between.
    """

    allowed: bool
    reason: Literal["allowed", "denied", "no_permission", "no_grant", "guided"]
    grant: Grant | None
    role: str
    policy_version: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account through a session or token, an organisation's service token, a job, or the command line.

    :ivar account_id: None for jobs and the command line; of a service token, which is nobody's, its own id.
    :ivar home: the organisation that opened the account, or that the service token belongs to.
    :ivar limited: a token left less than the account may do.
    :ivar operator: runs the installation, and no limits were set; says nothing about any organisation.
    """

    account_id: UUID | None
    name: str
    via: Literal["session", "token", "service", "job", "cli", "nobody"]
    home: OrgRef | None = None
    grants: tuple[Grant, ...] = ()
    policy: Snapshot = EMPTY_SNAPSHOT
    address: str = ""
    credential_id: UUID | None = None
    limited: bool = False
    operator: bool = False

    @property
    def token_id(self) -> UUID | None:
        """The token that the actor came with, whose limits hold for what is started with it as well."""
        return None if self.via == "session" else self.credential_id


NOBODY = Actor(None, "", "nobody")


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission by its eternal name ``<module>.<thing>:<verb>``.

    :ivar label: what an administrator reads in the matrix of roles.
    :ivar guidance: held above a link of business guidance, it reaches below it too. For reading what an organisation
        is and how it stands; never for persons, accounts, roles, modules or the audit log (ORG-12).
    """

    name: str
    label: Text
    guidance: bool = False

    @property
    def module(self) -> str:
        return self.name.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role. :ivar includes: key of a role whose rights it has too; for a plugin's role often ``member``."""

    key: str
    label: Text
    description: Text = ""
    includes: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """A default policy line a module brings: role key, permission or pattern ending in ``*``, effect."""

    role: str
    permission: str
    effect: Literal["allow", "deny"] = "allow"


@dataclass(frozen=True, slots=True)
class ModuleManifest:
    """What a module says of itself.

    :ivar always_on: part of every organisation, cannot be switched off.
    :ivar prefix: prefix of its tables; empty for core modules.
    :ivar requires: modules that must be on as well, by name, or by a service they offer as ``name@version``.
    :ivar author: who answers for it. :ivar api_version: of the contract it was written for.
    :ivar holds: what data it keeps, about whom: administrators read it before they switch the module on.
    """

    name: str
    label: Text
    description: Text
    version: str
    author: Text = ""
    always_on: bool = False
    prefix: str = ""
    requires: tuple[str, ...] = ()
    api_version: int = 1
    icon: str = "puzzle"
    holds: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """What a module does for others, who never import it: found by name and version through the sdk.

    :ivar name: ``<module>.<what>``. :ivar version: grows when callers have to change.
    :ivar implementation: what callers get; its functions take a `Context` first.
    """

    name: str
    version: int
    implementation: object

    @property
    def key(self) -> str:
        """Name and version, as ``requires`` of a manifest has them."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the rail.

    :ivar section: ``""``, ``organisation``, ``work``, ``modules``, ``own`` or ``system``. Entries without permission
        whose address names no organisation are one's own: people without any role have them as well.
    :ivar permission: shown only to whom it is allowed here; None for everybody who may enter.
    :ivar also: pages of other addresses that belong to it, as the first parts below the organisation's: ``("life",)``.
    """

    label: Text
    endpoint: str
    icon: str = "puzzle"
    section: str = "modules"
    order: int = 100
    permission: str | None = None
    badge: int = 0
    tab: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A panel on the dashboard: fetched by htmx from ``endpoint`` after the page is shown, linked without script."""

    key: str
    title: Text
    endpoint: str
    width: int = 4
    order: int = 100
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTile:
    """Something of a module on a member's own page, at one of the member's organisations.

    :ivar title: what it is. :ivar endpoint: a view of the module that members may enter; ``values`` are for its
        address, to which the organisation's code is added where it names one. :ivar text: a word below the title.
    :ivar waiting: it waits for the member to do something, and stands first. :ivar count: how much, 0 for one thing.
    """

    key: str
    title: Text
    endpoint: str
    text: Text = ""
    icon: str = "puzzle"
    waiting: bool = False
    count: int = 0
    order: int = 100
    values: Mapping[str, object] = field(default_factory=dict)


SettingValue = str | int | bool


@dataclass(frozen=True, slots=True)
class SettingDef:
    """A setting of a module that an organisation lays down for itself and all below it.

    :ivar key: ``<module>.<name>``, for ever. :ivar help: a sentence under its label.
    :ivar choices: value and label of each, for the kind ``choice``.
    :ivar minimum: of an integer, or of a text's length. :ivar maximum: likewise.
    :ivar wins: ``highest``, a rule: what is laid down above cannot be undone below; ``nearest``, a preference.
    """

    key: str
    label: Text
    kind: Literal["text", "integer", "boolean", "choice"]
    default: SettingValue
    help: Text = ""
    choices: tuple[tuple[str, Text], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    wins: Literal["highest", "nearest"] = "nearest"

    @property
    def module(self) -> str:
        return self.key.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is rolled up over the tree."""

    key: str
    label: Text
    unit: Text = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something in a person's life here, for the timeline of their file (PPL-06).

    :ivar kind: what the file is filtered by: ``<module>.<what>`` of a plugin, labelled through ``banyan_fields`` as
        ``kind=<module>.<what>``. :ivar title: one line. :ivar detail: what is read beneath it.
    :ivar address: a page about it, for whoever may open it.
    """

    day: date
    kind: str
    title: Text
    detail: Text = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What a module says of its own state."""

    ok: bool
    detail: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)
