"""``python -m tests.bench`` and any of the names in `BENCHES`: all of them unless some are named.

Exit code 0: every target was met, 1: one was missed, 2: what was asked for does not exist.
"""

from __future__ import annotations

import sys

from tests.bench import (
    activities,
    applying,
    auditing,
    dashboard,
    decide,
    guests,
    importing,
    inbox,
    members,
    members_import,
    members_world,
    moving,
    pages,
    searching,
    telling,
)
from tests.bench.plans import Plans
from tests.bench.report import RESULTS, Report, say
from tests.bench.serving import serve
from tests.bench.world import DIVISIONS, World, people, world

BENCHES = (
    *(
        "decide",
        "apply",
        "pages",
        "dashboard",
        "search",
        "members",
        "inbox",
        "guests",
        "move",
        "import",
        "members-import",
    ),
    "notice",
    "activities",
    *auditing.BENCHES,
)
IN_THE_TREE = frozenset(("apply", "pages", "dashboard", "search"))


def main(asked: list[str]) -> int:
    """Run the benches and tell what they found."""
    unknown = set(asked) - set(BENCHES)
    if unknown:
        say(f"There is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}.")
        return 2
    chosen = set(asked) or set(BENCHES)
    report = Report()
    if "decide" in chosen:
        decide.run(report)
    if chosen & set(auditing.BENCHES):
        auditing.run(report, chosen)
    if "inbox" in chosen:
        inbox.run(report)
    if "guests" in chosen:
        guests.run(report)
    if "move" in chosen:
        with world() as made:
            moving.run(report, made)
    if "import" in chosen:
        importing.run(report)
    if "members-import" in chosen:
        members_import.run(report)
    if "members" in chosen:
        _members(report)
    if "notice" in chosen:
        telling.run(report)
    if "activities" in chosen:
        activities.run(report)
    if chosen & IN_THE_TREE:
        if DIVISIONS.is_file():
            with world() as made:
                _in_the_tree(report, made, chosen)
        else:
            report.skip(
                f"{', '.join(sorted(chosen & IN_THE_TREE))}: {DIVISIONS} is missing (BANYAN_DIVISIONS names it)"
            )
    say("\n" + report.table())
    say(f"\nkept in {report.keep()}, plans in {RESULTS / 'plans'}")
    return 0 if report.passed else 1


def _members(report: Report) -> None:
    """Two million members in a nation of their own, which is made by COPY."""
    if not DIVISIONS.is_file():
        report.skip(f"members: {DIVISIONS} is missing (BANYAN_DIVISIONS names it)")
        return
    with world() as made:
        members_world.tree(made)
        people(made)
        members_world.fill(made)
        plans = Plans(made)
        with serve("ours", made.urls, made.home) as ours, serve("baseline", made.urls, made.home) as bare:
            members.run(report, made, ours, bare, plans)
        plans.close()


def _in_the_tree(report: Report, made: World, chosen: set[str]) -> None:
    applying.run(report, made)
    if not chosen - {"decide", "apply", "inbox", "guests", "move", *auditing.BENCHES}:
        return
    people(made)
    plans = Plans(made)
    with serve("ours", made.urls, made.home) as ours, serve("baseline", made.urls, made.home) as bare:
        if "pages" in chosen:
            pages.run(report, made, ours, bare, plans)
        if "dashboard" in chosen:
            dashboard.run(report, made, ours, plans)
        if "search" in chosen:
            searching.run(report, made, ours, plans)
    plans.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
