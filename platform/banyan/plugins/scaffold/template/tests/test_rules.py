"""The rules of the house: the same that ``banyan plugin check sample`` asks."""

from __future__ import annotations

import pytest
from banyan.testing import RULES, Report


@pytest.fixture(scope="session")
def report(banyan_check) -> Report:  # type: ignore[no-untyped-def]
    return banyan_check("sample")


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_plugin_keeps_the_rules_of_the_house(report: Report, rule: object) -> None:
    if str(rule) in report.untried:
        pytest.skip(report.untried[str(rule)])
    assert [str(finding) for finding in report.of(str(rule))] == []
