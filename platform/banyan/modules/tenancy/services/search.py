"""Finding organisations by a piece of their name, by pinyin initials or by code, without reading a whole table.

A name is cut into tokens: every two adjacent characters (NFKC, case-folded, without punctuation) and every two adjacent
pinyin initials. A search walks the token that is rarest in its part of the tree, in the order of the tree, asks the
index for the others, and then makes sure that name or initials really hold what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, literal, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.pinyin import LONGEST, normalised, query_tokens
from banyan.kernel.treepath import ancestors
from banyan.modules.tenancy.models import Org, OrgToken
from banyan.modules.tenancy.services.place import Place

LEAST = 2
# Of a common piece of a name, so many hits are looked at to show the best of them first.
LOOKED_AT = 400
# A piece that fewer organisations have is rare enough to be walked alone.
RARE = 1000
HINT = lazy("Type at least two characters.")

Paths = ColumnElement[str] | InstrumentedAttribute[str]
Visible = Callable[[Paths], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Hit:
    """An organisation that was found.

    :ivar above: its ancestors, root first.
    """

    place: Place
    above: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search.

    :ivar more: there are others besides these. :ivar too_short: nothing was searched, `HINT` says why.
    """

    hits: tuple[Hit, ...]
    more: bool = False
    too_short: bool = False


def name_matches(text: str) -> ColumnElement[bool]:
    """The predicate of organisations whose name or initials hold ``text``, for lists.

    :raises Invalid: on ``q``, when it is shorter than two characters.
    """
    wanted = query_tokens(text)
    if not wanted:
        raise Invalid({"q": [HINT]})
    return and_(*(_has(token, Org.path) for token in sorted(wanted)), _really(text))


def _has(token: str, path: Paths) -> ColumnElement[bool]:
    other = aliased(OrgToken)
    # By path alone, which is unique: of two columns the planner thinks that hardly a row has both, and reads them all.
    return exists().where(other.token == token, other.org_path == path)


def _really(text: str) -> ColumnElement[bool]:
    """Name or initials hold ``text`` as a whole; one token says so by itself."""
    wanted = normalised(text[:LONGEST])
    if len(wanted) == LEAST:
        return literal(True)
    spelled = r"\W*".join(re.escape(char) for char in wanted)
    first_letters = func.regexp_replace(Org.sort_name, r"(\S)\S*\s*", r"\1", "g")
    by_name = func.normalize(Org.name, literal_column("NFKC")).regexp_match(spelled, flags="i")
    return or_(by_name, func.strpos(first_letters, wanted) > 0)


def search(session: Session, text: str, lo: str, hi: str, visible: Visible | None = None, limit: int = 20) -> Found:
    """Organisations whose code or division code is ``text``, or whose name or initials hold it.

    The best come first: exact, then beginning with it, then the nearest to the root.

    :param lo: first path searched. :param hi: path after the last.
    :param visible: makes, of a column of paths, the predicate of what the reader may see.
    """
    wanted = query_tokens(text)
    if not wanted:
        return Found((), too_short=True)
    places = [*_by_code(session, text, lo, hi, visible), *_by_name(session, text, wanted, lo, hi, visible)]
    distinct = list({place.id: place for place in places}.values())
    return Found(_with_ancestors(session, distinct[:limit]), more=len(distinct) > limit)


_COLUMNS = (Org.id, Org.path, Org.code, Org.name, Org.short_name, Org.level)


def _range(path: Paths, lo: str, hi: str, visible: Visible | None) -> ColumnElement[bool]:
    inside = and_(path >= lo, path < hi)
    return inside if visible is None else and_(inside, visible(path))


def _by_code(session: Session, text: str, lo: str, hi: str, visible: Visible | None) -> list[Place]:
    code = text.strip().lower()
    for column in (Org.code, Org.division_code):
        statement = select(*_COLUMNS).where(column == code, column != "", _range(Org.path, lo, hi, visible))
        rows = session.execute(statement.order_by(Org.path).limit(LOOKED_AT)).all()
        if rows:
            return [Place(*row) for row in rows]
    return []


def _by_name(session: Session, text: str, wanted: set[str], lo: str, hi: str, visible: Visible | None) -> list[Place]:
    counted = _counts(session, sorted(wanted), lo, hi)
    if not counted[0][0]:
        return []
    # What is rare is walked, and of common pieces the next rarest is asked for each; the name has the last word.
    rarest, others = counted[0], counted[1:2] if counted[0][0] >= RARE else []
    statement = (
        select(*_COLUMNS, Org.depth)
        .select_from(OrgToken)
        .join(Org, Org.path == OrgToken.org_path)
        .where(OrgToken.token == rarest[1], _range(OrgToken.org_path, lo, hi, visible), _really(text))
        .where(*(_has(token, OrgToken.org_path) for _count, token in others))
        .order_by(OrgToken.org_path)
        .limit(LOOKED_AT)
    )
    needle = normalised(text)
    rows = sorted(session.execute(statement).all(), key=lambda row: _rank(needle, row[3], row[6], row[1]))
    return [Place(*row[:6]) for row in rows]


def _counts(session: Session, wanted: Iterable[str], lo: str, hi: str) -> list[tuple[int, str]]:
    """How many organisations in the range have each token, up to `RARE`, rarest first."""
    names = list(wanted)
    bounded = [
        select(func.count())
        .select_from(
            select(OrgToken.token)
            .where(OrgToken.token == name, OrgToken.org_path >= lo, OrgToken.org_path < hi)
            .limit(RARE)
            .subquery()
        )
        .scalar_subquery()
        for name in names
    ]
    row = session.execute(select(*bounded)).one()
    return sorted(zip(row, names, strict=True))


def _rank(needle: str, name: str, depth: int, path: str) -> tuple[bool, bool, int, str]:
    plain = normalised(name)
    return (plain != needle, not plain.startswith(needle), depth, path)


def _with_ancestors(session: Session, places: list[Place]) -> tuple[Hit, ...]:
    paths = sorted({path for place in places for path in ancestors(place.path)})
    rows = session.execute(select(*_COLUMNS).where(Org.path.in_(paths))).all() if paths else []
    known = {row[1]: Place(*row) for row in rows}
    return tuple(Hit(place, tuple(known[path] for path in ancestors(place.path))) for place in places)
