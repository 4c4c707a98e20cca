"""Members all over the nation, made by hand and fast: names as they are given, sealed values, memberships, tokens.

Rows go in by COPY, without triggers and indexes, which are made afterwards; nothing of it goes through services.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from banyan.kernel import treepath
from banyan.kernel.db.base import new_id
from banyan.kernel.keyring import ring_at
from banyan.kernel.pinyin import person_sort_name
from banyan.modules.people.models import document_text
from banyan.modules.people.rules import documents
from banyan.modules.people.services.values import name_tokens
from tests.bench.report import say
from tests.bench.serving import SECRET
from tests.bench.world import BRANCH, COUNTY, DIVISIONS, LEVELS, NATION, World

MEMBERS = 2_000_000
# The branch that is looked at has this many; so have some others, as schools and factories do.
LARGE, MANY = 250, 200
PIECE = "伟强"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红玲芬燕彬鹏浩凯健俊帆雪琳晨宇轩涵梓欣怡佳思嘉子文"
    "博雨泽睿铭志国建新春海山林峰松柏梅兰竹菊月星光辉耀祖德福禄寿喜安康乐和平正义诚信仁礼智勤俭朴实慧颖莹"
    "洁冰清"
)
ETHNICITIES = ("01",) * 91 + ("11", "03", "05", "06", "07", "08", "10", "15", "54")
_TABLES = ("person", "member", "membership", "member_token")
_ORG = (
    *("id", "version", "parent_id", "path", "depth", "ordinal", "code", "name", "sort_name", "level", "type"),
    *("created_at", "updated_at"),
)
_MEMBER = (
    *("id", "version", "person_id", "org_id", "org_path", "name", "sort_name", "gender", "ethnicity", "birth_date"),
    *("document_type", "document_sealed", "document_index", "phone_sealed", "phone_index", "workplace", "joined_on"),
    *("admitted_on", "review", "created_at", "updated_at"),
)
_PERIODS = """
INSERT INTO membership (id, org_id, org_path, member_id, person_id, began_on, began_by)
SELECT gen_random_uuid(), org_id, org_path, id, person_id, admitted_on, 'import' FROM member
"""


def tree(made: World) -> None:
    """The nation by COPY, without what organisations are found by: quick, for who looks at members."""
    say("making the nation")
    places: dict[str, tuple[UUID, str, int]] = {}
    below: dict[str, int] = {}
    ranks = {key: depth for depth, key in enumerate(LEVELS, 1)}
    with (
        psycopg.connect(made.urls.owner) as owner,
        gzip.open(DIVISIONS, "rt", encoding="utf-8", newline="") as source,
    ):
        for key, mark in LEVELS.items():
            owner.execute(
                "INSERT INTO org_level (key, rank, label, mark) VALUES (%s, %s, %s, %s)",
                (key, ranks[key], f'{{"zh_Hans": "{mark}"}}', mark),
            )
        owner.execute("INSERT INTO org_type (key, label, parents, root) VALUES ('league', '{}', '[]', true)")
        statement = f"COPY org ({', '.join(_ORG)}) FROM STDIN"
        with _bare(owner, ("org",)), owner.cursor() as cursor, cursor.copy(statement) as copy:
            root = {"code": NATION, "parent": "", "name": "全国", "level": "nation"}
            for row in (root, *csv.DictReader(source)):
                parent = places.get(row["parent"] or NATION) if row is not root else None
                above = row["parent"] or NATION
                below[above] = ordinal = below.get(above, 0) + 1 if parent else 1
                path = treepath.child(parent[1] if parent else "", ordinal)
                identity, depth = new_id(), parent[2] + 1 if parent else 1
                places[row["code"]] = (identity, path, depth)
                mother = parent[0] if parent else None
                copy.write_row(
                    (
                        *(identity, 1, mother, path, depth, ordinal, row["code"], row["name"], row["name"]),
                        *(row["level"], "league", "2026-01-01", "2026-01-01"),
                    )
                )
    with psycopg.connect(made.urls.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE org")


def fill(made: World, number: int = MEMBERS) -> None:
    """``number`` members of the villages of ``made``; the tree stands already."""
    say(f"making {number:,} members")
    county = made.path(COUNTY)
    with psycopg.connect(made.urls.owner) as owner:
        with _bare(owner, _TABLES):
            places = _places(owner, number)
            root = owner.execute("SELECT id FROM org WHERE parent_id IS NULL").fetchone()
            assert root is not None
            _copy(owner, made, places, root[0], county)
            owner.execute(_PERIODS)
            _copy_tokens(owner)
        owner.commit()
    with psycopg.connect(made.urls.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE person, member, membership, member_token")


@contextmanager
def _bare(owner: psycopg.Connection[Any], tables: Sequence[str]) -> Iterator[None]:
    """Tables without triggers, references and indexes but their keys, until they are full."""
    owner.execute("SET LOCAL maintenance_work_mem = '1GB'")
    indexes = owner.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)",
        [list(tables)],
    ).fetchall()
    references = owner.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
        [list(tables)],
    ).fetchall()
    for table, name, _definition in references:
        owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        owner.execute(f'DROP INDEX "{name}"')
    for table in tables:
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for _name, definition in indexes:
        owner.execute(definition)
    for table in tables:
        owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for table, name, definition in references:
        owner.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _places(owner: psycopg.Connection[Any], number: int) -> list[tuple[UUID, str]]:
    """Where each member is: large branches, those of one county, and any village."""
    villages = owner.execute("SELECT id, path, code FROM org WHERE level = 'village' ORDER BY md5(code)").fetchall()
    drawn = random.Random(7)
    large = [next(row for row in villages if row[2] == BRANCH), *villages[: min(MANY, number // (4 * LARGE))]]
    found = [row[:2] for row in large for _ in range(LARGE)]
    inside = [row[:2] for row in villages if row[2].startswith(COUNTY)]
    found += [drawn.choice(inside) for _ in range(min(20_000, number // 10))]
    found += [drawn.choice(villages)[:2] for _ in range(number - len(found))]
    return found[:number]


def _copy(owner: psycopg.Connection[Any], made: World, places: list[tuple[UUID, str]], root: UUID, county: str) -> None:
    ring, drawn, known = ring_at(made.urls.app, SECRET), random.Random(11), {}
    people = [new_id() for _ in places]
    with owner.cursor() as cursor, cursor.copy("COPY person (id, root_id, created_at) FROM STDIN") as copy:
        for person in people:
            copy.write_row((person, root, "2026-01-01"))
    statement = f"COPY member ({', '.join(_MEMBER)}) FROM STDIN"
    with owner.cursor() as cursor, cursor.copy(statement) as copy:
        for n, ((org_id, path), person) in enumerate(zip(places, people, strict=True)):
            member = new_id()
            given = drawn.choices(GIVEN, k=drawn.choice((1, 2, 2, 2)))
            # A page of them, in one branch as well.
            name = drawn.choice(SURNAMES) + (PIECE if path.startswith(county) and n % 4 == 0 else "".join(given))
            spelled = known.get(name) or known.setdefault(name, person_sort_name(name))
            born = date(1985, 1, 1) + timedelta(days=drawn.randrange(9_000))
            number = f"220104{born:%Y%m%d}{n % 1000:03d}"
            number += documents.check_digit(number)
            document = document_text(number, {"document_type": "resident_id"}).encode()
            phone = f"13{n % 10**9:09d}".encode()
            about = member.bytes
            copy.write_row(
                (
                    *(member, 1, person, org_id, path, name, spelled, "male" if n % 2 else "female"),
                    *(drawn.choice(ETHNICITIES), born, "resident_id"),
                    ring.seal("people.document", number.encode(), about),
                    ring.index("people.document", document),
                    ring.seal("people.phone", phone, about),
                    ring.index("people.phone", phone),
                    *("", born + timedelta(days=5_500), date(2024, 1, 1) + timedelta(days=n % 700)),
                    *("pending" if n % 20 == 0 else "accepted", "2026-01-01", "2026-01-01"),
                )
            )


def _copy_tokens(owner: psycopg.Connection[Any]) -> None:
    known: dict[str, list[str]] = {}
    with owner.cursor("members") as rows, owner.cursor() as sink:
        rows.execute("SELECT id, org_path, name, sort_name FROM member")
        part = rows.fetchmany(100_000)
        while part:
            with sink.copy("COPY member_token (token, org_path, member_id) FROM STDIN") as copy:
                for identity, path, name, spelled in part:
                    tokens = known.get(name)
                    if tokens is None:
                        tokens = known[name] = sorted(name_tokens(name, spelled))
                    for token in tokens:
                        copy.write_row((token, path, identity))
            part = rows.fetchmany(100_000)
