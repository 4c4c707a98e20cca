"""The report of a check, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banyan.testing.conformity.findings import Report, Rule


def as_text(report: Report, rules: Sequence[Rule]) -> str:
    """The report line by line: each rule, what is wrong, and what to do about it."""
    lines = [f"{report.name}"]
    for rule in rules:
        found = report.of(rule.key)
        if rule.key in report.untried:
            lines.append(f"  ?  {rule.title} ({rule.key}): not tried, {report.untried[rule.key]}")
        elif not found:
            lines.append(f"  ok {rule.title} ({rule.key})")
        else:
            lines.append(f"  !! {rule.title} ({rule.key})")
            lines += [f"       {one.where}: {one.what}.\n         → {one.remedy}." for one in found]
    lines.append(_total(report))
    return "\n".join(lines)


def _total(report: Report) -> str:
    untried = f", {len(report.untried)} not tried" if report.untried else ""
    if report.good:
        return f"{report.name} keeps {len(report.kept)} rules{untried}."
    return f"{report.name}: {len(report.findings)} things to mend, {len(report.kept)} rules kept{untried}."


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        "plugin": report.name,
        "good": report.good,
        "findings": [
            {"rule": one.rule, "where": one.where, "what": one.what, "remedy": one.remedy} for one in report.findings
        ],
        "kept": list(report.kept),
        "not_tried": dict(report.untried),
    }
