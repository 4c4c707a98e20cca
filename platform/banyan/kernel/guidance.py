"""Where rights from above end: the places of a tree whose link to their parent is one of guidance alone.

Business guidance (业务指导) is not leadership: whoever holds a role above such a place reaches into it only with
permissions that say so. The places are few, change seldom and are known to every decision, so they travel with the
policy's snapshot.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, case, cast, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from banyan.kernel.treepath import upper

Range = tuple[str, str]
PathColumn = InstrumentedAttribute[str] | ColumnElement[str]
# Beyond so many ranges PostgreSQL searches them by halves instead of trying one after the other.
MANY = 32
PIECE = 256


class Guidance:
    """The paths of all organisations that their parent only guides; immutable.

    :param paths: of these organisations themselves.
    """

    __slots__ = ("_ordered", "paths")

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._ordered = sorted(self.paths)

    def edge(self, path: str) -> str:
        """The nearest guided organisation at or above ``path``; empty where there is none."""
        paths = self.paths
        while path:
            if path in paths:
                return path
            path = path[: path.rfind(".", 0, -1) + 1]
        return ""

    def below(self, path: str) -> list[str]:
        """The guided organisations strictly below ``path`` that lie below no other one of these, in order."""
        found: list[str] = []
        end = upper(path)
        for edge in self._ordered[bisect_right(self._ordered, path) :]:
            if edge >= end:
                break
            if not found or not edge.startswith(found[-1]):
                found.append(edge)
        return found


# Few, as each may hold thousands of ranges; the same people ask again and again.
@lru_cache(maxsize=64)
def led(guidance: Guidance, path: str) -> tuple[Range, ...]:
    """The half-open ranges of what ``path`` leads: its subtree without what is only guided below it."""
    ranges: list[Range] = []
    lo = path
    for edge in guidance.below(path):
        ranges.append((lo, edge))
        lo = upper(edge)
    return (*ranges, (lo, upper(path)))


def inside(path: PathColumn, ranges: Sequence[Range], *, hull: Sequence[Range] | None = None) -> ColumnElement[bool]:
    """The predicate of rows whose path lies in one of ``ranges``, which are disjoint and in order.

    :param hull: few ranges that hold them all, to be found by index when there are `MANY`; by default one.
    """
    if len(ranges) <= MANY:
        return or_(*(and_(path >= lo, path < hi) for lo, hi in ranges))
    bounds = [bound for found in ranges for bound in found]
    wide = hull if hull is not None else [(bounds[0], bounds[-1])]
    # Inside means that an odd number of bounds lies at or before the path.
    return and_(or_(*(and_(path >= lo, path < hi) for lo, hi in wide)), _before(path, bounds) % 2 != 0)


def _before(path: PathColumn, bounds: Sequence[str]) -> ColumnElement[Any]:
    """How many of ``bounds`` lie at or before ``path``, or another number that is odd when that is.

    PostgreSQL walks an array of texts from its beginning, so that a long one is taken in pieces of an even length.
    """
    if len(bounds) <= PIECE:
        return _bucket(path, bounds)
    size = 2 * math.isqrt(len(bounds) // 4 + 1)
    pieces = [bounds[start : start + size] for start in range(0, len(bounds), size)]
    found = {number: _bucket(path, piece) for number, piece in enumerate(pieces, 1)}
    return case(found, value=_bucket(path, [piece[0] for piece in pieces]), else_=0)


def _bucket(path: PathColumn, bounds: Sequence[str]) -> ColumnElement[Any]:
    found: ColumnElement[Any] = func.width_bucket(path, cast(list(bounds), ARRAY(Text(collation="C"))))
    return found
