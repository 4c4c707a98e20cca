"""A plugin declares a flow and hears what became of its request, through the sdk alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from banyan.kernel.db.scoped import Subtree
from banyan.modules.approvals.models import ApprovalRequest
from banyan.plugins import enablement
from tests.factories import World
from tests.plugins.banyan_guestbook import flows
from tests.plugins.banyan_guestbook.models import Entry


@pytest.mark.clause("APR-01")
def test_a_plugins_request_is_decided_above_and_followed_by_what_it_asked_for(world: World) -> None:
    city = world.org(code="city")
    county = world.org(city, "county")
    enablement.set_switch(world.session, county.ref, "guestbook", on=True, by=None, at=world.clock.now())
    world.session.commit()
    clerk, mayor = world.admin(county), world.admin(city)
    ctx = world.context(clerk, county, replace(Subtree(county.ref), me=str(clerk.id)))
    with world.app.app_context():
        request_id = flows.ask(ctx, "谢谢大家")
        ctx.session.commit()
    ctx.session.close()
    headers = {**world.token(mayor), "Accept-Language": "en"}
    shown = world.app.test_client().get(f"/api/v1/orgs/city/approvals/{request_id}", headers=headers).get_json()
    assert (shown["flow"], shown["details"]) == ("Line of thanks", [{"label": "Line", "value": "谢谢大家"}])
    body = {"act": "approve", "version": shown["version"]}
    path = f"/api/v1/orgs/city/approvals/{request_id}/decision"
    assert world.app.test_client().post(path, headers=headers, json=body).status_code == 200
    [entry] = world.session.scalars(select(Entry)).all()
    assert (entry.text, entry.org_id) == ("谢谢大家", county.id)
    assert world.session.scalars(select(ApprovalRequest.state)).all() == ["approved"]
