"""The dashboard of nation, province and county: what it costs must not grow with the tree below."""

from __future__ import annotations

from tests.bench.pages import plans_row
from tests.bench.plans import Plans
from tests.bench.report import Report
from tests.bench.serving import Asked, Server, compare
from tests.bench.world import PLACES, World

LIMIT = 2.0
ROUNDS, REQUESTS = 4, 40


def run(report: Report, made: World, ours: Server, plans: Plans) -> None:
    """The console's page, and the figures through the API."""
    faces = {
        "console dashboard": ("/orgs/{}/", made.browser),
        "API figures": ("/api/v1/orgs/{}/figures", made.bearer),
    }
    wrong = []
    for bench, (path, headers) in faces.items():
        sides = [Asked(ours, path.format(code), headers) for code in PLACES.values()]
        costs = compare(sides, rounds=ROUNDS, requests=REQUESTS)
        whole = [cost.whole for cost in costs]
        told = ", ".join(
            f"{place} {cost.whole / 1000:.1f} ms (database {cost.database / 1000:.1f})"
            for place, cost in zip(PLACES, costs, strict=True)
        )
        report.at_most(f"{bench}: dearest / cheapest", max(whole) / min(whole), LIMIT, told)
        for place, code in PLACES.items():
            wrong += plans.check(f"{bench.replace(' ', '-')}-{place}", path.format(code), headers)
    plans_row(report, "plans of dashboards", len(faces) * len(PLACES), wrong)
