"""The chain of the audit log without a database: what stretches of it prove, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

GENESIS = "00" * 32
Kind = Literal["altered", "dropped", "inserted", "cut", "partition", "head"]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a lane: the position of its last entry and that entry's hash, in hexadecimal."""

    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries of one lane that follow each other without a break; hashes in hexadecimal, instants in ISO 8601, UTC.

    :ivar lane: -1 for entries that stand in none. :ivar previous: what the first one was chained to.
    """

    lane: int
    first: int
    last: int
    previous: str
    hash: str
    first_at: str
    last_at: str
    first_id: str
    last_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold.

    :ivar kind: ``altered`` an entry's values or hash were changed; ``dropped`` entries are missing between two;
        ``inserted`` an entry stands where the chain has none; ``cut`` the newest entries of a lane are missing;
        ``partition`` a month's table is missing or detached; ``head`` the end of a lane is not on record.
    :ivar first: position of the first entry concerned. :ivar last: of the last one.
    :ivar at: when the entry was written, or the one before the gap; empty when there is none.
    :ivar until: when the entry after a gap was written. :ivar entry: id of the entry concerned, or before the gap.
    :ivar then: id of the entry after a gap. :ivar name: of the partition.
    """

    kind: Kind
    lane: int = -1
    first: int = 0
    last: int = 0
    at: str = ""
    until: str = ""
    entry: str = ""
    then: str = ""
    name: str = ""


def joined(found: Iterable[Stretch]) -> list[Stretch]:
    """Stretches with those made one that continue each other, whatever order they were read in."""
    waiting = sorted(found, key=lambda one: (one.lane, one.first, one.first_at, one.first_id))
    ends: dict[tuple[int, int, str], int] = {}
    result: list[Stretch] = []
    for one in waiting:
        at = ends.pop((one.lane, one.first - 1, one.previous), None)
        if at is None:
            at = len(result)
            result.append(one)
        else:
            before = result[at]
            result[at] = replace(before, last=one.last, hash=one.hash, last_at=one.last_at, last_id=one.last_id)
        ends[one.lane, one.last, result[at].hash] = at
    return result


def findings(
    stretches: Sequence[Stretch],
    broken: Iterable[Stretch],
    began: Mapping[int, Head],
    ended: Mapping[int, Head],
    *,
    since: str = "",
) -> list[Finding]:
    """Everything that does not hold, in the order of lanes and positions.

    :param stretches: all that was read. :param broken: entries whose hash is not theirs.
    :param began: the heads before anything was read: up to there nothing may be missing.
    :param ended: the heads afterwards: beyond them nothing may stand. :param since: what is older was not looked at.
    """
    spoilt = {one.first_id for one in broken if one.lane >= 0 and one.first_at >= since}
    found = [
        Finding("altered", one.lane, one.first, one.last, one.first_at, entry=one.first_id)
        for one in broken
        if one.first_id in spoilt
    ]
    lanes: dict[int, list[Stretch]] = {lane: [] for lane in began}
    for one in joined(stretches):
        lanes.setdefault(one.lane, []).append(one)
    for lane, those in lanes.items():
        if lane < 0:
            found += (_inserted(one) for one in those if one.first_at >= since)
        else:
            found += _Lane(lane, began.get(lane), ended.get(lane), spoilt, since).findings(those)
    return sorted(set(found), key=lambda one: (one.lane, one.first, one.kind))


@dataclass(frozen=True, slots=True)
class _Lane:
    """What is known of one lane."""

    lane: int
    began: Head | None
    ended: Head | None
    spoilt: set[str]
    since: str

    def findings(self, those: Sequence[Stretch]) -> list[Finding]:
        if self.ended is None:
            return [Finding("head", self.lane, those[0].first, those[-1].last, those[0].first_at)] if those else []
        found: list[Finding] = []
        before = None if self.since else _nothing(self.lane)
        for one in those:
            if before is not None and self._intruding(before, one):
                before = self._intruder(found, before, one)
                continue
            if one.last > self.ended.position:
                found.append(self._beyond(one, self.ended.position))
                if one.first > self.ended.position:
                    continue
                one = replace(one, last=self.ended.position, hash=self.ended.hash)
            if before is not None:
                found += self._between(before, one)
            before = one
        found += self._end(before)
        return found

    def _beyond(self, one: Stretch, end: int) -> Finding:
        first = max(one.first, end + 1)
        return Finding("inserted", self.lane, first, one.last, one.last_at, entry=one.last_id)

    def _intruding(self, before: Stretch, one: Stretch) -> bool:
        return one.first <= before.last

    def _intruder(self, found: list[Finding], before: Stretch, one: Stretch) -> Stretch:
        """Of two that claim one position, that which others follow stands; returns it."""
        if one.first == before.last and one.last > one.first:
            if before.last_at >= self.since:
                found.append(
                    Finding("inserted", self.lane, before.last, before.last, before.last_at, entry=before.last_id)
                )
            return one
        if one.first_at >= self.since:
            found.append(_inserted(one))
        return before if before.last >= one.last else one

    def _between(self, before: Stretch, one: Stretch) -> list[Finding]:
        if before.last_at < self.since:
            return []
        if one.first > before.last + 1:
            if self.began is None or before.last >= self.began.position:
                return []  # written meanwhile, and not yet to be seen when it was looked for
            return [_gap("dropped", before, one.first - 1, one)]
        if one.previous == before.hash or {before.last_id, one.first_id} & self.spoilt:
            return []  # in order, or told already
        if before.last == 0:
            return [Finding("altered", self.lane, one.first, one.first, one.first_at, entry=one.first_id)]
        return [Finding("altered", self.lane, before.last, before.last, before.last_at, entry=before.last_id)]

    def _end(self, before: Stretch | None) -> list[Finding]:
        began, ended = self.began, self.ended
        if began is None or ended is None:
            return []
        last = before or _nothing(self.lane)
        if last.last < began.position and not (self.since and before is None):
            return [_gap("cut", last, began.position, None)]
        right = {head.hash for head in (began, ended) if head.position == last.last}
        if right and last.hash not in right and last.last_id not in self.spoilt and before is not None:
            return [Finding("altered", self.lane, last.last, last.last, last.last_at, entry=last.last_id)]
        return []


def _nothing(lane: int) -> Stretch:
    """The beginning of a lane, before its first entry."""
    return Stretch(lane, 0, 0, "", GENESIS, "", "", "", "")


def _inserted(one: Stretch) -> Finding:
    return Finding("inserted", one.lane, one.first, one.last, one.first_at, one.last_at, one.first_id)


def _gap(kind: Kind, before: Stretch, last: int, one: Stretch | None) -> Finding:
    return Finding(
        kind,
        before.lane,
        before.last + 1,
        last,
        before.last_at,
        one.first_at if one else "",
        before.last_id,
        one.first_id if one else "",
    )
