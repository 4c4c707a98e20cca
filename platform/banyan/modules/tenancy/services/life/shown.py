"""What an act would touch, shown before it is done; what is confirmed is what was shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Forbidden, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import decide
from banyan.modules.tenancy.life_rules import digest
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.organisations import REVOKED

STALE: Text = lazy("What this touches has changed since it was shown. Look at it again before you confirm.")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value before and after."""

    label: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Number:
    """How many of something go along."""

    key: str
    label: Text
    n: int


@dataclass(frozen=True, slots=True)
class ModuleTurn:
    """At how many organisations a module goes on and off, since other levels lay it down."""

    name: str
    label: Text
    on: int
    off: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that does not go along, by a key that says the same in every language."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Preview:
    """An act before it is done.

    :ivar parties: the organisations concerned, whose state is part of the plan. :ivar asked: what was asked for.
    :ivar losses: what does not go along. :ivar reasons: why it may not be; none means that it can be confirmed.
    """

    kind: str
    parties: Sequence[Org]
    asked: Sequence[Any] = ()
    differences: Sequence[Difference] = ()
    numbers: Sequence[Number] = ()
    modules: Sequence[ModuleTurn] = ()
    losses: Sequence[Loss] = ()
    reasons: Sequence[Text] = field(default=())

    @property
    def plan(self) -> str:
        """The fingerprint that a confirmation names."""
        return digest(
            [
                self.kind,
                [[str(org.id), org.path, org.version, org.status] for org in self.parties],
                [str(value) for value in self.asked],
                [[one.key, one.n] for one in self.numbers],
                [[one.name, one.on, one.off] for one in self.modules],
                [one.key for one in self.losses],
            ]
        )


def require_confirmed(preview: Preview, plan: str) -> None:
    """Refuse what may not be, and what is not what was shown.

    :raises Refused: with every reason. :raises Conflict: something changed since.
    """
    if preview.reasons:
        raise Refused(*preview.reasons)
    if preview.plan != plan:
        raise Conflict(STALE)


def require_authority(ctx: Context, permission: str, orgs: Sequence[Org | None]) -> None:
    """Authority over all sides.

    :raises Forbidden: naming every organisation where it is lacking.
    """
    lacking = [org for org in orgs if org is not None and not decide(ctx, permission, org.ref).allowed]
    if lacking:
        raise Forbidden(*(lazy("This needs your authority at %(name)s as well.", name=org.name) for org in lacking))


def require_active(org: Org) -> None:
    """An organisation that has ended has no further life.

    :raises Refused: saying how it ended.
    """
    if org.status == "merged":
        raise Refused(lazy("This organisation was merged into another one."))
    if org.status != "active":
        raise Refused(REVOKED)
