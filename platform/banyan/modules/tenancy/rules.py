"""What may stand where in the tree: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of organisation: the types it may stand below (none: any), and whether it may be a root."""

    key: str
    parents: tuple[str, ...]
    root: bool


def misplaced(
    level: str,
    kind: str,
    parent_level: str | None,
    parent_kind: str | None,
    ranks: Mapping[str, int],
    kinds: Mapping[str, Kind],
) -> dict[str, list[Text]]:
    """Every reason why an organisation of this level and type may not stand below that parent (None: as a root)."""
    problems: dict[str, list[Text]] = {}
    if level not in ranks:
        problems["level"] = [lazy("There is no such level.")]
    elif parent_level is not None and ranks[level] <= ranks.get(parent_level, 0):
        problems["level"] = [lazy("The level must be deeper than that of the parent organisation.")]
    if kind not in kinds:
        problems["type"] = [lazy("There is no such type.")]
    elif parent_kind is None and not kinds[kind].root:
        problems["type"] = [lazy("This type needs a parent organisation.")]
    elif parent_kind is not None and kinds[kind].parents and parent_kind not in kinds[kind].parents:
        problems["type"] = [lazy("This type may not stand below that of the parent organisation.")]
    return problems


def in_future(day: date | None, today: date) -> bool:
    """Whether a founding date lies ahead."""
    return day is not None and day > today


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a subtree in which one policy for a module is laid down, or none.

    :ivar total: organisations in it. :ivar switched: those that have switched the module on themselves.
    """

    policy: str | None
    total: int
    switched: int


@dataclass(frozen=True, slots=True)
class Turned:
    """At how many organisations a module goes on, and off."""

    on: int
    off: int


def turned(areas: Iterable[Area], before: str | None, after: str | None) -> Turned:
    """What changes in ``areas`` when the policy above all of them becomes ``after`` instead of ``before``.

    The highest setter wins: an area's own policy counts only where there is none above.
    """
    on = off = 0
    for area in areas:
        old, new = before or area.policy, after or area.policy
        if old == new or {old, new} == {None, "allowed"}:
            continue
        match old, new:
            case "forbidden", "mandatory":
                on += area.total
            case "mandatory", "forbidden":
                off += area.total
            case "forbidden", _:
                on += area.switched
            case _, "forbidden":
                off += area.switched
            case "mandatory", _:
                off += area.total - area.switched
            case _, "mandatory":
                on += area.total - area.switched
    return Turned(on, off)
