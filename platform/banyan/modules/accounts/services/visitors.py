"""Where a request that signs somebody in came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request came from.

    :ivar cookie: the session cookie it brought, of whatever account.
    :ivar devices: by cookie name, what the browser keeps from earlier sign-ins (`devices`).
    """

    address: str
    user_agent: str
    cookie: str = ""
    devices: Mapping[str, str] = field(default_factory=dict)
