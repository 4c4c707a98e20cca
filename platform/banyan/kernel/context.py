"""The context that every service takes first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from banyan.kernel.clock import Clock
from banyan.kernel.values import Actor, Decision, OrgRef

if TYPE_CHECKING:
    from banyan.kernel.db.session import ScopedSession


@dataclass(frozen=True, slots=True)
class Context:
    """Who does something, where, when and in which transaction.

    :ivar session: the one transaction; services never commit it.
    :ivar org: the organisation the URL named, None on pages without one.
    :ivar decision: what the gate decided on the way in, kept for the audit entry.
    """

    session: ScopedSession
    actor: Actor
    org: OrgRef | None
    clock: Clock
    request_id: str
    decision: Decision | None = None

    @property
    def here(self) -> OrgRef:
        """The organisation of this request; only where the gate requires one."""
        if self.org is None:
            raise RuntimeError("this request names no organisation")
        return self.org

    def at(self, org: OrgRef) -> Context:
        """The same context at another organisation."""
        return replace(self, org=org)
