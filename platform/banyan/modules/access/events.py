"""What roles and grants tell others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.events import Event


@dataclass(frozen=True, slots=True)
class RoleGranted(Event):
    """An account got a role at an organisation."""

    NAME: ClassVar[str] = "access.grant.granted"
    grant_id: str
    account_id: str
    role: str
    reach: str


@dataclass(frozen=True, slots=True)
class GrantEnded(Event):
    """A role was taken back."""

    NAME: ClassVar[str] = "access.grant.ended"
    grant_id: str
    account_id: str
    role: str


@dataclass(frozen=True, slots=True)
class OwnRoleChanged(Event):
    """An organisation's own role was defined, edited or withdrawn."""

    NAME: ClassVar[str] = "access.role.changed"
    role_id: str
    withdrawn: bool
