"""Figures counted anew from what every module holds."""

from __future__ import annotations

import pytest
from click import ClickException
from flask.testing import FlaskClient
from sqlalchemy import select, update

from banyan.boundary import Banyan
from banyan.cli.stats import rebuild_figures
from banyan.kernel.counting import StatDelta
from banyan.kernel.db.session import ScopedSession
from banyan.modules.stats.models import Stat
from tests.factories import World


def figures(session: ScopedSession) -> dict[tuple[str, str], tuple[int, int]]:
    session.expire_all()
    rows = session.execute(select(Stat.org_path, Stat.metric, Stat.value, Stat.own))
    return {(path, metric): (value, own) for path, metric, value, own in rows if value or own}


def test_a_rebuild_mends_what_is_wrong_below_and_above_and_loses_no_delta(
    app: Banyan, client: FlaskClient, world: World, session: ScopedSession
) -> None:
    root = world.org(code="root")
    headers = world.token(world.admin(root))
    city = world.org(root, "city")
    world.org(city, "county")
    client.put("/api/v1/orgs/county/modules/guestbook", json={"on": True}, headers=headers)
    for text in ("一", "二"):
        assert client.post("/api/v1/orgs/county/guestbook", json={"text": text}, headers=headers).status_code == 201
    rebuild_figures(app, "root")
    right = figures(session)
    assert right[root.path, "guestbook.entries"] == (3, 0)
    assert right[root.path, "org.active"] == (3, 1)
    assert right[root.path, "org.opened:2026-02"] == (3, 1)
    assert right[root.path, "account.active"] == (1, 1)

    client.post("/api/v1/orgs/county/guestbook", json={"text": "三"}, headers=headers)
    session.execute(update(Stat).where(Stat.org_path >= city.path, Stat.metric == "org.active").values(value=9))
    wrong = session.scalars(select(Stat).where(Stat.org_id == root.id, Stat.metric == "org.active")).one()
    wrong.value += 7
    session.commit()
    rebuild_figures(app, "city")

    assert not session.scalars(select(StatDelta)).all()
    expected = {**right}
    for path in (root.path, city.path):
        expected[path, "guestbook.entries"] = (4, 0)
    expected[f"{city.path}1.", "guestbook.entries"] = (4, 4)
    assert figures(session) == expected


def test_an_unknown_code_is_said(app: Banyan) -> None:
    with pytest.raises(ClickException, match="nowhere"):
        rebuild_figures(app, "nowhere")
