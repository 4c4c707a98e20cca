"""Organisations are found by a piece of their name, by pinyin initials and by codes, within a part of the tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database
from banyan.kernel.errors import Invalid
from banyan.kernel.pinyin import initials, normalised, query_tokens, sort_name, tokens
from banyan.kernel.treepath import upper
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.search import name_matches, search
from tests.modules.tenancy.conftest import Installation


def test_names_are_read_as_place_names_are() -> None:
    assert sort_name("长春市") == "chang chun shi"
    assert sort_name("重庆街道") == "chong qing jie dao"
    assert sort_name("长白朝鲜族自治县").startswith("chang bai chao xian")
    assert sort_name("珲春市") == "hun chun shi"


def test_a_name_is_found_by_adjacent_characters_and_adjacent_initials() -> None:
    assert tokens("长春市") == {"长春", "春市", "cc", "cs"}
    assert tokens("Ａ·b 村😀") == {"ab", "b村", "bc"}
    assert query_tokens("春") == set()


@given(st.text())
def test_every_piece_of_a_name_and_of_its_initials_finds_it(name: str) -> None:
    plain, first_letters = normalised(name), initials(sort_name(name))
    assert len(plain) == len(first_letters)
    for text in (plain[1:5], plain[-3:], first_letters[:4]):
        assert query_tokens(text) <= tokens(name)


def hits(installation: Installation, text: str, path: str = "1.", **more: object) -> list[str]:
    """Codes found as ``banyan_app``."""
    database = Database(installation.urls.app, pool_size=1)
    with database.session(Whole("test")) as session:
        found = search(session, text, path, upper(path), **more)  # type: ignore[arg-type]
    database.dispose()
    return [hit.place.code for hit in found.hits]


def test_the_best_come_first_and_each_with_the_way_up(jilin: Installation) -> None:
    with jilin.session() as session:
        found = search(session, "朝阳", "1.", "1/", limit=3)

    assert found.hits[0].place.name == "朝阳区"
    assert [place.name for place in found.hits[0].above] == ["吉林省", "长春市"]
    assert found.more


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("长春市", "jl-2201"),
        ("ccs", "jl-2201"),
        ("CCS", "jl-2201"),
        ("jl-220104", "jl-220104"),
        ("220104", "jl-220104"),
        ("西康路西", "jl-220104002001"),
        ("xklxsq", "jl-220104002001"),
    ],
)
def test_names_initials_and_codes_find(jilin: Installation, text: str, code: str) -> None:
    assert code in hits(jilin, text)


def test_a_name_that_has_all_pieces_but_not_in_one_is_not_found(jilin: Installation) -> None:
    jilin.run("UPDATE org SET name = '乙丙甲乙' WHERE code = 'jl-2201'")
    with jilin.session() as session:
        from banyan.modules.tenancy.services import integrity

        integrity.repair(session)
        session.commit()

    assert hits(jilin, "甲乙丙") == []
    assert hits(jilin, "乙丙甲") == ["jl-2201"]


def test_a_search_stays_in_its_part_of_the_tree_and_within_what_may_be_seen(jilin: Installation) -> None:
    inside = jilin.value("SELECT path FROM org WHERE code = 'jl-220104'")

    assert "jl-2201" not in hits(jilin, "长春", inside)
    assert hits(jilin, "朝阳区", "1.", visible=lambda path: path != inside) == []


def test_too_short_a_text_is_answered_with_a_hint_and_no_search(jilin: Installation) -> None:
    with jilin.session() as session:
        assert search(session, " 长 ", "1.", "1/").too_short
    with pytest.raises(Invalid, match="two characters"):
        name_matches("长")


def test_lists_filter_by_the_same_words(jilin: Installation) -> None:
    from sqlalchemy import select

    with jilin.session() as session:
        found = session.scalars(select(Org.code).where(name_matches("西康路西社"))).all()
        by_initials = session.scalars(select(Org.code).where(name_matches("xklxs"))).all()

    assert found == by_initials == ["jl-220104002001"]


def test_no_search_reads_a_whole_table(jilin: Installation) -> None:
    """On a small table the planner would; what is asked is whether it could do without."""
    from sqlalchemy import event

    database = Database(jilin.urls.app, pool_size=1)
    said: list[tuple[str, object]] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, values, *_r: said.append((statement, values)),
    )
    with database.session(Whole("test")) as session:
        for text in ("长春", "村委会", "xklx", "jl-220104"):
            search(session, text, "1.", "1/")
        connection = session.connection()
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        searches = [(statement, values) for statement, values in said if statement.startswith("SELECT org")]
        plans = [connection.exec_driver_sql("EXPLAIN " + s, v).scalars().all() for s, v in searches]  # type: ignore[call-overload]
    database.dispose()

    assert plans
    assert not [line for plan in plans for line in plan if "Seq Scan" in line]
