"""Searching the tree by name, in the nation and in a county."""

from __future__ import annotations

import time
from statistics import median
from urllib.parse import quote

from tests.bench.pages import plans_row
from tests.bench.plans import Plans
from tests.bench.report import Report, Row
from tests.bench.serving import Server
from tests.bench.world import COUNTY, NATION, World

TIMES = 15
WANTED = {"common piece": "村委", "rare piece": "珲春", "whole name": "朝阳区", "initials": "cyq", "no hit": "龘龘"}


def run(report: Report, made: World, ours: Server, plans: Plans) -> None:
    """The rail's search and the list's filter."""
    wrong = []
    faces = {
        "search in the rail": ("/orgs/{}/tree/search?q={}", made.browser),
        "list filtered by name": ("/api/v1/orgs/{}/organisations?q={}", made.bearer),
    }
    for bench, (path, headers) in faces.items():
        for place, code in (("nation", NATION), ("county", COUNTY)):
            told = []
            for kind, text in WANTED.items():
                url = path.format(code, quote(text))
                told.append(f"{text} {_milliseconds(ours, url, headers):.0f}")
                wrong += plans.check(f"{bench.replace(' ', '-')}-{place}-{kind.replace(' ', '-')}", url, headers)
            report.add(Row(f"{bench}, {place}", f"{len(WANTED)} searches", detail=f"ms: {', '.join(told)}"))
    plans_row(report, "plans of searches", 2 * len(faces) * len(WANTED), wrong)


def _milliseconds(server: Server, url: str, headers: dict[str, str]) -> float:
    """The median time of an answer, as the person waiting sees it."""
    server.ask(url, headers, 3)
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        server.ask(url, headers, 1)
        took.append(time.perf_counter() - started)
    return median(took) * 1000
