"""Requests that are answered part by part (PPL-02 stands on it)."""

from __future__ import annotations

import pytest

from banyan.kernel.errors import Invalid
from banyan.kernel.flows import Act, Heard, Piece
from banyan.modules.approvals.services import decide
from tests.modules.approvals.office import HEARD, Office

YES = Piece("soap", "Soap", agreed=True)
NO = Piece("salt", "Salt", agreed=False, reason="还有")


def answer(office: Office, act: Act, *pieces: Piece) -> str:
    request = office.ask("errands.list")
    with office.world.app.app_context():
        ctx = office.context(office.mayor, office.city)
        decide(ctx, request.id, act, version=request.version, pieces=pieces)
        ctx.session.commit()
    return str(request.id)


@pytest.mark.clause("APR-01", "PPL-02")
def test_what_is_agreed_to_in_part_says_so_wherever_the_request_is_shown(office: Office) -> None:
    request_id = answer(office, Act.APPROVE, YES, NO)
    found = office.api(office.clerk, "GET", f"county/approvals/{request_id}").get_json()
    assert (found["state"], found["partly"]) == ("approved", True)
    pieces = [(one["label"], one["agreed"], one["reason"]) for one in found["lines"][0]["pieces"]]
    assert pieces == [("Soap", True, ""), ("Salt", False, "还有")]
    assert HEARD[-1].kind is Heard.APPROVED
    assert HEARD[-1].pieces == (YES, NO)
    whole = answer(office, Act.APPROVE, YES)
    for state, expected in (("partly", [request_id]), ("approved", [whole])):
        rows = office.api(office.clerk, "GET", f"county/approvals/asked?state={state}").get_json()["items"]
        assert [(row["id"], row["state"]) for row in rows] == [(each, state) for each in expected]
    page = office.world.sign_in(office.clerk).get(f"/orgs/county/approvals/{request_id}?lang=en").text
    assert "还有" in page
    assert "部分同意" in page or "Approved in part" in page


@pytest.mark.clause("APR-01")
def test_every_part_that_is_refused_has_its_reason_and_nothing_agreed_is_a_rejection(office: Office) -> None:
    for act, pieces, about in (
        (Act.APPROVE, (YES, Piece("salt", "Salt", agreed=False)), "salt"),
        (Act.APPROVE, (NO,), "act"),
        (Act.REJECT, (YES, NO), "act"),
    ):
        with pytest.raises(Invalid) as refused:
            answer(office, act, *pieces)
        assert list(refused.value.fields) == [about]
    assert HEARD == []
    answer(office, Act.REJECT, NO)
    assert HEARD[-1].kind is Heard.REJECTED
    assert HEARD[-1].pieces == (NO,)


@pytest.mark.clause("APR-01")
def test_the_panel_leads_to_where_the_parts_are_answered(office: Office) -> None:
    request = office.ask("errands.list")
    address = f"/orgs/city/approvals/{request.id}"
    page = office.world.sign_in(office.mayor).get(address).text
    assert f'href="/answer/{request.id}"' in page
    assert f'action="{address}/decision"' not in page, "the plain form would answer all parts alike"
    assert f"/answer/{request.id}" not in office.world.sign_in(office.clerk).get(address.replace("city", "county")).text
