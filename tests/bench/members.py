"""Pages of 50 members and a search among 2,000,000, through the whole way of a request, against bare views.

The bare view reads the same columns with the same predicate, opens and masks the same sealed values, and knows nothing
of sign-in, walls or permissions.
"""

from __future__ import annotations

from urllib.parse import quote

from tests.bench.members_world import PIECE
from tests.bench.pages import plans_row
from tests.bench.plans import Plans
from tests.bench.report import Report
from tests.bench.serving import Asked, Server, compare
from tests.bench.world import BRANCH, COUNTY, NATION, PROVINCE, World

LIMIT = 2.5
ROUNDS, REQUESTS = 6, 60
PLACES = {"branch": BRANCH, "county": COUNTY, "province": PROVINCE, "nation": NATION}
SORTS = ("name", "-joined_on", "admitted_on", "birth_date")
SEARCHES = {
    "two": PIECE,
    "one": "王",
    "initials": "zw",
    "pinyin": "zhangwei",
    "whole": "欧阳娜娜",
    "number": "13000000123",
}
FILTERS = (
    *("", "gender=male", "ethnicity=54", "status=left", "review=pending", "born_from=2008-01-01", "account=1"),
    *("joined_until=2001-01-01", f"branch={COUNTY}"),
)


def run(report: Report, made: World, ours: Server, bare: Server, plans: Plans) -> None:
    """By name in a branch, a county, a province and the nation, and a two-character search in each."""
    for place, code in PLACES.items():
        for what, query in (("members by name", ""), ("two characters", f"?q={quote(PIECE)}")):
            sides = (
                Asked(ours, f"/api/v1/orgs/{code}/members{query}", made.bearer),
                Asked(bare, f"/members/{made.path(code)}{query}", {}),
            )
            mine, theirs = compare(sides, rounds=ROUNDS, requests=REQUESTS)
            told = (
                f"web {mine.web:,.0f} / {theirs.web:,.0f} µs = {mine.web / theirs.web:.2f}×, "
                f"database {mine.database:,.0f} / {theirs.database:,.0f} µs = {mine.database / theirs.database:.2f}×"
            )
            report.at_most(f"API page of 50, {what}, {place}: CPU", mine.whole / theirs.whole, LIMIT, told)
    _plans(report, made, plans)


def _plans(report: Report, made: World, plans: Plans) -> None:
    wrong: list[str] = []
    looked = 0
    for place, code in PLACES.items():
        url = f"/api/v1/orgs/{code}/members"
        asked = {
            f"{sort.strip('-')}-{query.partition('=')[0]}": f"sort={sort}&{query}"
            for sort in SORTS
            for query in FILTERS
        }
        asked |= {f"search-{name}": f"q={quote(text)}" for name, text in SEARCHES.items()}
        for name, query in asked.items():
            wrong += plans.check(f"members-{place}-{name}".rstrip("-"), f"{url}?{query}".rstrip("&"), made.bearer)
            looked += 1
    plans_row(report, "plans of pages of members", looked, wrong)
