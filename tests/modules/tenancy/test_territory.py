"""Names of branch offices: no territory, and no word that only sounds like one (ORG-12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.modules.tenancy import links
from banyan.modules.tenancy.territory import known, named_after, words

ASSOCIATION = ["吉林省某行业协会 (演示)", "省行协"]


@pytest.mark.clause("ORG-12")
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("吉林省某行业协会长春市分会", "长春市"),
        ("吉林省某行业协会长春分会", "长春"),
        ("吉林省某行业协会驻延边办事处", "延边"),
        ("省行协四平工作委员会", "四平"),
        ("长春市分会", "长春市"),
        ("延边州某行业协会", "延边州"),
        ("某行业协会延边朝鲜族自治州办事处", "延边朝鲜族自治州"),
        ("吉林省某行业协会朝阳区联络站", "朝阳区"),
        ("吉林省某行业协会前郭尔罗斯蒙古族自治县分会", "前郭尔罗斯蒙古族自治县"),
        ("中国某协会广西分会", "广西"),
        ("中国某协会香港代表处", "香港"),
        ("中国某协会东北分会", "东北"),
        ("吉林省某行业协会长 春 分会", "长春"),
        ("吉林省某行业协会 (演示)长春分会", "长春"),
        ("吉林省某行业协会白山片区工作部", "白山"),
        ("吉林省某行业协会青年工作委员会", ""),
        ("吉林省某行业协会 (演示) 青年工作委员会", ""),
        ("省行协会员服务部", ""),
        ("中国某协会普洱茶分会", ""),
        ("中国某协会白银专业委员会", ""),
        ("中国某协会大理石材分会", ""),
        ("中国某协会城市社区专业委员会", ""),
        ("中国某协会山区发展委员会", ""),
        ("中国某协会超市分会", ""),
        ("", ""),
    ],
)
def test_a_branch_office_is_not_named_after_a_territory(name: str, found: str) -> None:
    assert named_after(name, [*ASSOCIATION, "中国某协会", "某行业协会"], known()) == found
    reasons = links.name_problems("branch_office", name, [*ASSOCIATION, "中国某协会", "某行业协会"], known())
    assert bool(reasons) == bool(found)
    assert not reasons or f"“{found}”" in str(reasons[0])
    assert links.name_problems("guidance", name, ASSOCIATION, known()) == [], "an association of a place is one's own"


@pytest.mark.clause("ORG-12")
@given(st.sampled_from(sorted(known().names)), st.sampled_from(["", "青年", "驻"]), st.sampled_from(words().endings))
def test_every_division_of_the_country_is_known_by_its_full_name(division: str, before: str, ending: str) -> None:
    if division[-1] in "省市县区州旗盟":
        assert named_after(f"吉林省某行业协会{before}{division}{ending}", ASSOCIATION, known())


@given(st.sampled_from(sorted(known().short)), st.sampled_from(words().endings))
def test_provinces_and_prefectures_are_known_by_their_short_names_before_an_office(short: str, ending: str) -> None:
    assert named_after(f"吉林省某行业协会{short}{ending}", ASSOCIATION, known())


def test_places_of_the_own_tree_count_as_well() -> None:
    assert named_after("某协会西康路街道西区分会", ["某协会"], known()) == ""
    assert named_after("某协会西康新区分会", ["某协会"], known().with_names({"西康新区"})) == "西康新区"


@pytest.mark.clause("ORG-12")
@pytest.mark.parametrize(
    ("link", "allowed", "parent", "below", "reasons"),
    [
        ("leadership", [], None, (), 0),
        ("leadership", [], "leadership", (), 0),
        ("guidance", [], "leadership", (), 1),
        ("guidance", ["guidance"], None, (), 1),
        ("leadership", ["guidance"], "leadership", (), 1),
        ("branch_office", ["branch_office"], "leadership", ("leadership",), 0),
        ("branch_office", ["branch_office"], "branch_office", (), 1),
        ("branch_office", ["branch_office"], "leadership", ("branch_office",), 1),
        ("branch_office", [], "branch_office", (), 2),
        ("marriage", ["guidance"], "leadership", (), 1),
    ],
)
def test_which_links_may_stand_where(
    link: str, allowed: list[str], parent: str | None, below: tuple[str, ...], reasons: int
) -> None:
    assert len(links.problems(link, allowed, parent, below)) == reasons
