"""Figures of a subtree: exact at every moment, and equal to a recount."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from banyan.kernel.counting import StatDelta, count
from banyan.modules.stats import dashboard
from banyan.modules.stats.models import Stat
from banyan.modules.stats.services import figures, fold_all, rebuild
from tests.factories import World


@pytest.mark.clause("UI-02")
def test_the_dashboard_counts_what_is_below_before_and_after_folding(client: FlaskClient, world: World) -> None:
    root = world.org(code="province")
    cities = [world.org(root, f"city-{n}") for n in range(2)]
    account = world.admin(root)
    county = world.org(cities[0], "county")
    for org in (root, *cities, county):
        count(world.session, org.ref, "org.active")
    world.session.commit()
    headers = world.token(account)
    waiting = client.get("/api/v1/orgs/province/figures", headers=headers).get_json()
    ctx = world.context(account)
    fold_all(ctx)
    ctx.session.commit()
    folded = client.get("/api/v1/orgs/province/figures", headers=headers).get_json()
    assert waiting == folded
    assert folded["organisations"] == 3
    assert [(child["code"], child["organisations"]) for child in folded["children"]] == [("city-0", 2), ("city-1", 1)]
    below = client.get("/api/v1/orgs/city-0/figures", headers=headers).get_json()
    assert (below["organisations"], below["children"][0]["code"]) == (1, "county")


def test_folding_agrees_with_a_recount(world: World) -> None:
    root = world.org()
    orgs = [root, *(world.org(root) for _ in range(3))]
    orgs += [world.org(parent) for parent in orgs[1:] for _ in range(2)]
    ctx = world.context(world.admin(root))

    @settings(max_examples=15)
    @given(st.lists(st.tuples(st.integers(0, len(orgs) - 1), st.sampled_from("ab"), st.integers(-3, 9)), max_size=20))
    def agree(changes: list[tuple[int, str, int]]) -> None:
        ctx.session.execute(delete(Stat))
        ctx.session.execute(delete(StatDelta))
        own: dict[str, dict[str, int]] = {"a": {}, "b": {}}
        for index, metric, n in changes:
            count(ctx.session, orgs[index].ref, metric, n)
            own[metric][orgs[index].path] = own[metric].get(orgs[index].path, 0) + n
        ctx.session.flush()
        fold_all(ctx)
        folded = _plain(figures(ctx.session, [org.ref for org in orgs], "a", "b"))
        rebuild(ctx, [own], root.ref)
        ctx.session.flush()
        assert _plain(figures(ctx.session, [org.ref for org in orgs], "a", "b")) == folded

    agree()
    ctx.session.rollback()


def _plain(found: dict[Any, dict[str, int]]) -> dict[Any, dict[str, int]]:
    return {key: {metric: n for metric, n in numbers.items() if n} for key, numbers in found.items()}


def test_the_dashboard_takes_a_fixed_number_of_statements(
    client: FlaskClient, world: World, statements: list[str]
) -> None:
    root = world.org(code="province")
    headers = world.token(world.admin(root))
    statements.clear()
    client.get("/api/v1/orgs/province/figures", headers=headers)
    few = len(statements)
    for _ in range(12):
        world.org(root)
    statements.clear()
    client.get("/api/v1/orgs/province/figures", headers=headers)
    assert len(statements) == few


@given(st.dates())
def test_twelve_months_end_with_this_one(day: Any) -> None:
    if day.year < 3:
        return
    months = dashboard.last_months(day)
    assert len(set(months)) == 12
    assert (months[-1].year, months[-1].month) == (day.year, day.month)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=12, max_size=12))
def test_running_totals_end_at_today(total: int, opened: list[int]) -> None:
    totals = dashboard.running(total, opened)
    assert len(totals) == 12
    assert totals[-1] == total
    assert all(n >= 0 for n in totals)
