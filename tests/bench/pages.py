"""Pages of 50 rows through the whole way of a request, against bare views that read the same rows."""

from __future__ import annotations

from tests.bench.plans import Plans
from tests.bench.report import Report, Row
from tests.bench.serving import Asked, Server, compare
from tests.bench.world import NATION, PLACES, PROVINCE, World

LIMIT = 2.5
ROUNDS, REQUESTS = 8, 150
SORTS = ("tree", "name", "-created_at")
FILTERS = ("level=village", "level=county", "type=league", "q=村委", "q=朝阳", "level=village&q=朝阳")


def run(report: Report, made: World, ours: Server, bare: Server, plans: Plans) -> None:
    """The nation's organisations, and the long tasks of a province behind row security."""
    asked = {
        "API page of 50 organisations of the nation": ("organisations", NATION, made.bearer),
        "API page of 50 organisations of a province, narrowed token": ("organisations", PROVINCE, made.narrowed),
        "API page of 50 long tasks of a province": ("tasks", PROVINCE, made.bearer),
        "API page of 50 long tasks of a province, narrowed token": ("tasks", PROVINCE, made.narrowed),
    }
    for bench, (what, code, headers) in asked.items():
        path = f"/api/v1/orgs/{code}/{what}"
        sides = (Asked(ours, path, headers), Asked(bare, f"/{what}/{made.path(code)}", {}))
        mine, theirs = compare(sides, rounds=ROUNDS, requests=REQUESTS)
        told = (
            f"web {mine.web:,.0f} / {theirs.web:,.0f} µs = {mine.web / theirs.web:.2f}×, "
            f"database {mine.database:,.0f} / {theirs.database:,.0f} µs = {mine.database / theirs.database:.2f}×"
        )
        report.at_most(f"{bench}: CPU", mine.whole / theirs.whole, LIMIT, told)
        report.at_most(f"{bench}: CPU of the web process", mine.web / theirs.web, LIMIT, "")
    _plans(report, made, plans)


def _plans(report: Report, made: World, plans: Plans) -> None:
    wrong: list[str] = []
    looked = 0
    for place, code in PLACES.items():
        url = f"/api/v1/orgs/{code}/organisations"
        for sort in SORTS:
            for narrowed in ("", *FILTERS):
                name = f"organisations-{place}-{sort.strip('-')}-{narrowed.replace('=', '-').replace('&', '-')}"
                wrong += plans.check(name.rstrip("-"), f"{url}?sort={sort}&{narrowed}".rstrip("&"), made.bearer)
                looked += 1
        for narrowed in ("", "state=failed"):
            name = f"tasks-{place}-{narrowed.replace('=', '-')}".rstrip("-")
            wrong += plans.check(name, f"/api/v1/orgs/{code}/tasks?{narrowed}".rstrip("?"), made.bearer)
            looked += 1
    plans_row(report, "plans of pages", looked, wrong)


def plans_row(report: Report, bench: str, looked: int, wrong: list[str]) -> None:
    """The verdict over plans; every reason is told."""
    detail = f"{looked} requests" + "".join(f"\n    {reason}" for reason in wrong)
    report.add(Row(bench, f"{len(wrong)} whole reads", "none", not wrong, detail))
