"""Finding members by a piece of their name, pinyin, document, phone or number, without reading a whole table.

A name is found by any two adjacent characters, by its first character, by two adjacent pinyin initials (token table) or
by the beginning of its full pinyin (``zhangsan``; an index range). Documents and phones are found by what was typed in
full, through their blind indexes; nobody finds them by a part. Every piece is one that row security lets an index find.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import ColumnElement, and_, false, func, or_, select, union

from banyan.kernel.context import Context
from banyan.kernel.pinyin import LONGEST, normalised, pairs, readings
from banyan.kernel.sealing import blind_indexes
from banyan.kernel.treepath import upper
from banyan.modules.access.decision import visible
from banyan.modules.people.models import Member, MemberToken, document_text
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.rules import contacts, documents
from banyan.modules.tenancy.models import Org

_HAS_DIGITS = re.compile(r"[0-9]")
_DIGIT = re.compile(r"[0-9]")
_AFTER_LETTERS = "~"
_LEAST_PHONE = 5
# What is longer and can be read as pinyin is no row of initials.
_MOST_INITIALS = 4


def matches(text: str) -> ColumnElement[bool]:
    """The predicate of members that ``text`` names, for the list.

    Of several ways each is walked by its own index; as alternatives of one predicate they would read everybody.
    """
    wanted = text[:LONGEST].strip()
    ways = [*_by_name(wanted), *_by_pinyin(wanted), *_by_number(wanted)]
    if len(ways) < 2:
        return ways[0] if ways else false()
    return Member.id.in_(union(*(select(Member.id).where(way) for way in ways)))


def names_a_person(text: str) -> bool:
    """Whether what was typed may be a document's number or a phone: it is looked for, and not kept anywhere."""
    plain = unicodedata.normalize("NFKC", text)
    return len(_DIGIT.findall(plain)) >= _LEAST_PHONE


def _by_name(text: str) -> list[ColumnElement[bool]]:
    plain = normalised(text)
    if not plain or (len(plain) > _MOST_INITIALS and readings(text)):
        return []
    if len(plain) == 1:
        return [_has(plain)]
    found = and_(*(_has(token) for token in sorted(pairs(plain))))
    return [found if len(plain) == 2 else and_(found, _really(plain))]


def _has(token: str) -> ColumnElement[bool]:
    return Member.id.in_(select(MemberToken.member_id).where(MemberToken.token == token))


def _really(plain: str) -> ColumnElement[bool]:
    """Name or initials hold all of it, and not only its pieces."""
    spelled = r"\W*".join(re.escape(char) for char in plain)
    first_letters = func.regexp_replace(Member.sort_name, r"(\S)\S*\s*", r"\1", "g")
    return or_(Member.name.regexp_match(spelled, flags="i"), func.strpos(first_letters, plain) > 0)


def _by_pinyin(text: str) -> list[ColumnElement[bool]]:
    """A range for each reading; ``~`` comes after all letters and the space."""
    return [
        and_(Member.sort_name >= reading, Member.sort_name < reading + _AFTER_LETTERS)
        for reading in readings(text)
        if len(reading) > 1
    ]


def _by_number(text: str) -> list[ColumnElement[bool]]:
    if not _HAS_DIGITS.search(text):
        return []
    found: list[ColumnElement[bool]] = [and_(Member.number == text, Member.number != "")]
    for kind in documents.TYPES:
        number = documents.normalised(kind, text)
        if documents.has_form(kind, number):
            found.extend(
                Member.document_index == index
                for index in blind_indexes("people.document", document_text(number, {"document_type": kind}))
            )
    phone = contacts.phone(unicodedata.normalize("NFKC", text))
    if len(phone) >= _LEAST_PHONE and not contacts.phone_problems(phone):
        found.extend(Member.phone_index == index for index in blind_indexes("people.phone", phone))
    return found


def hits(ctx: Context, text: str, most: int) -> list[tuple[Member, str]]:
    """Members within reach that ``text`` names, each with the name of its organisation; for the search box."""
    statement = (
        select(Member, Org.name)
        .join(Org, Org.id == Member.org_id)
        .where(
            matches(text),
            Member.status == "active",
            visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here),
            Member.org_path >= ctx.here.path,
            Member.org_path < upper(ctx.here.path),
        )
        .order_by(Member.sort_name, Member.id)
        .limit(most)
    )
    return [(member, name) for member, name in ctx.session.execute(statement)]
