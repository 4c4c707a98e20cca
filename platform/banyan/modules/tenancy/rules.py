"""What may stand where in the tree: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
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
