"""What becomes of two records of one person: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

Fate = Literal["absorbed", "remains"]


@dataclass(frozen=True, slots=True)
class Side:
    """A record as the decision sees it.

    :ivar exclusive: it may be the person's only active record. :ivar erased: nothing readable is left.
    """

    place: str
    status: str
    exclusive: bool
    erased: bool = False

    @property
    def active(self) -> bool:
        return self.status == "active"


def both_may_stay(kept: Side, gone: Side) -> bool:
    """Whether one person may be an active member of both organisations."""
    return kept.place != gone.place and not (kept.exclusive or gone.exclusive)


def fate(kept: Side, gone: Side, *, keep_both: bool) -> Fate:
    """What becomes of the record that is not chosen: it goes into the other one, or remains as another of the person.

    :param keep_both: wanted where the person is an active member of two organisations and may be.
    """
    if kept.place == gone.place:
        return "absorbed"
    if kept.active and gone.active:
        return "remains" if keep_both and both_may_stay(kept, gone) else "absorbed"
    return "remains"


def against(kept: Side, gone: Side, others: Sequence[Side], *, keep_both: bool) -> list[Text]:
    """Every reason against putting the two together.

    :param others: further records of either person.
    """
    reasons: list[Text] = []
    if "merged" in (kept.status, gone.status):
        reasons.append(lazy("One of the two records was put together with another one already."))
    if kept.erased or gone.erased:
        reasons.append(lazy("What one of the two records held has been erased."))
    if kept.place == gone.place and gone.active and not kept.active:
        reasons.append(lazy("Let the record of the one who is a member now remain."))
    remaining = [side for side in (kept, *others) if side.active]
    if gone.active and fate(kept, gone, keep_both=keep_both) == "remains":
        remaining.append(gone)
    places = [side.place for side in remaining]
    if len(remaining) > 1 and (any(side.exclusive for side in remaining) or len(set(places)) < len(places)):
        reasons.append(lazy("The person would be a member of several organisations. Have one membership ended first."))
    return reasons
