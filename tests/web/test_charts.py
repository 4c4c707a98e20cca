"""Charts take whatever figures there are."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from banyan.web import charts

pytestmark = pytest.mark.usefixtures("in_english")
FIGURES = st.integers(0, 10**9) | st.floats(0, 1e9, allow_nan=False).map(lambda v: round(v, 3))


def drawn(markup: Markup) -> ET.Element:
    return ET.fromstring(f"<page>{markup}</page>")  # noqa: S314 - our own output


def widths(page: ET.Element, which: str) -> list[float]:
    rects = page.iter("rect")
    return [float(r.attrib["width"].rstrip("%")) for r in rects if r.attrib.get("class", "").startswith(which)]


@given(st.lists(FIGURES, max_size=24))
def test_an_area_is_well_formed_and_stays_inside_its_plot(values: list[float]) -> None:
    page = drawn(charts.area([str(i) for i in range(len(values))], values, "people", "Members"))
    line = page.find(".//polyline")
    assert (line is None) == (not values)
    for point in line.attrib["points"].split() if line is not None else []:
        x, y = map(float, point.split(","))
        assert 0 <= x <= 100
        assert 0 <= y <= 100
    assert len(page.findall(".//tbody/tr")) == len(values)


@given(st.lists(FIGURES, min_size=1, max_size=24), st.integers(1, 6))
def test_a_scale_holds_all_values(values: list[float], ticks: int) -> None:
    low, high = charts._scale(values, None, None, ticks)
    assert low <= min(values)
    assert high >= max(values) or high == pytest.approx(max(values))
    assert high > low


@given(st.lists(st.tuples(st.text(max_size=5).filter(str.isalnum), FIGURES), max_size=8))
def test_a_stack_never_exceeds_its_bar(parts: list[tuple[str, float]]) -> None:
    page = drawn(charts.stack(parts, "Ages"))
    shares = [w for rect, w in zip(page.iter("rect"), _percents(page), strict=True) if rect.attrib["class"] != "track"]
    assert sum(shares) <= 100.5
    assert len(page.findall(".//li")) == len(parts)


def _percents(page: ET.Element) -> list[float]:
    return [float(r.attrib["width"].rstrip("%")) if "%" in r.attrib["width"] else 0.0 for r in page.iter("rect")]


def test_a_stack_of_zeroes_draws_its_track_and_lists_the_parts() -> None:
    page = drawn(charts.stack([("Cities", 0), ("Counties", 0)], "Levels"))
    assert widths(page, "c1")[0] == 0
    assert "0.0%" in "".join(page.itertext())


def test_no_figures_say_so() -> None:
    for markup in (charts.area([], [], "people", "T"), charts.bars([], "people", "T"), charts.stack([], "T")):
        assert "No figures yet." in markup
    assert charts.sparkline([], "T") == ""
    assert charts.sparkline([3], "T") == ""


def test_one_value_is_drawn_as_a_level_line() -> None:
    points = drawn(charts.area(["May"], [12], "people", "Members")).find(".//polyline")
    assert points is not None
    ends = [point.split(",") for point in points.attrib["points"].split()]
    assert [x for x, _y in ends] == ["0.00", "100.00"]
    assert ends[0][1] == ends[1][1]


def test_bars_link_their_rows_and_share_the_largest_value() -> None:
    page = drawn(
        charts.bars([charts.Bar("Changchun", 200, "/orgs/cc"), ("Jilin", 50), ("Yanbian", 0)], "orgs", "By city")
    )
    assert widths(page, "c1") == [100, 25, 0]
    link = page.find(".//th/a")
    assert link is not None
    assert link.attrib["href"] == "/orgs/cc"


def test_a_percentage_below_its_target_says_so_without_colour() -> None:
    page = drawn(charts.bars([("A", 96.4), ("B", 78.5)], "%", "Rate", target=90))
    assert widths(page, "warn") == [78.5]
    assert "".join(page.itertext()).count("below target") == 1


def test_names_are_escaped_and_nothing_is_styled_inline() -> None:
    name = '<b onclick="x">&'
    whole = Markup("").join(
        [
            charts.bars([charts.Bar(name, 1, "/a?b=1&c=2")], name, name),
            charts.stack([(name, 1)], name),
            charts.area([name, name], [1, 2], name, name),
            charts.sparkline([1, 2], name),
        ]
    )
    page = drawn(whole)
    assert not [element for element in page.iter() if "style" in element.attrib or "onclick" in element.attrib]
    assert not list(page.iter("b")) or all(b.text == "1" for b in page.iter("b"))
