"""Requests from the hand of who asks to the last decision (APR-01)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from banyan.kernel.errors import Refused
from banyan.kernel.events import OutboxEvent
from banyan.kernel.flows import Heard
from banyan.modules.approvals.models import ApprovalDesk, ApprovalEntry, ApprovalParty, ApprovalRequest
from banyan.modules.audit.models import AuditEntry
from tests.modules.approvals.office import HEARD, STUBBORN, Office

pytestmark = pytest.mark.clause("APR-01")


def heard() -> list[str]:
    return [outcome.kind.value for outcome in HEARD]


def reasons(answer: Any) -> str:
    body = answer.get_json()
    return " ".join([*body.get("reasons", []), *(str(problem) for problem in body.get("errors", []))])


def test_the_organisation_above_approves_and_everything_is_told_once(office: Office) -> None:
    request = office.ask()
    assert office.titles(office.mayor, "city") == ["借用会议室"]
    assert office.titles(office.clerk, "county") == []
    assert office.titles(office.governor, "province") == [], "it waits at the city, not at everybody above"
    answer = office.decide(office.mayor, "city", request.id, opinion="同意")
    assert answer.status_code == 200, answer.get_json()
    found = answer.get_json()
    assert (found["state"], found["acts"], found["due"]) == ("approved", [], None)
    assert [line["act"] for line in found["lines"]] == ["approve", "submit"]
    assert found["lines"][0]["who"] == "市长"
    assert found["lines"][0]["place"] == "市"
    assert found["details"] == [{"label": "Name", "value": "三楼"}]
    [outcome] = HEARD
    assert (outcome.kind, outcome.opinion, outcome.late) == (Heard.APPROVED, "同意", False)
    assert (outcome.subject_type, outcome.subject_id) == ("errand", "借用会议室")
    assert outcome.sides["office"] == office.county.ref
    session = office.world.session
    assert session.scalars(select(ApprovalDesk)).all() == []
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(request.id))).all()
    assert sorted(actions) == ["approvals.request.approve", "approvals.request.submit"]
    events = session.scalars(select(OutboxEvent.name).where(OutboxEvent.name.startswith("approvals."))).all()
    assert sorted(events) == ["approvals.request.decided", "approvals.request.submitted"]


def test_steps_are_decided_one_after_the_other_each_at_its_organisation(office: Office) -> None:
    request = office.ask("errands.long")
    assert office.decide(office.mayor, "city", request.id).get_json()["state"] == "open"
    assert office.titles(office.mayor, "city") == []
    assert office.titles(office.governor, "province") == ["借用会议室"]
    found = office.shown(office.governor, "province", request.id)
    assert [(one["label"], one["state"], one["place"]) for one in found["track"]] == [
        ("step-first", "done", "市"),
        ("step-second", "current", "省"),
    ]
    assert found["acts"] == ["approve", "reject"], "this step cannot be returned"
    assert office.decide(office.governor, "province", request.id, "return").status_code == 422
    assert office.decide(office.governor, "province", request.id).get_json()["state"] == "approved"
    assert heard() == ["passed", "approved"]


def test_a_returned_request_is_corrected_and_begins_again(office: Office) -> None:
    request = office.ask("errands.long")
    empty = office.decide(office.mayor, "city", request.id, "return", opinion="")
    assert empty.status_code == 422
    assert "Say why" in reasons(empty)
    assert office.decide(office.mayor, "city", request.id, "return").get_json()["state"] == "returned"
    assert office.titles(office.mayor, "city") == []
    assert office.decide(office.mayor, "city", request.id).status_code == 409
    again = office.api(office.clerk, "POST", f"county/approvals/{request.id}/resubmit", {"note": "已补章"})
    assert again.status_code == 200, again.get_json()
    assert (again.get_json()["state"], again.get_json()["round"]) == ("open", 2)
    assert office.titles(office.mayor, "city") == ["借用会议室"]
    twice = office.api(office.clerk, "POST", f"county/approvals/{request.id}/resubmit", {})
    assert twice.status_code == 409
    assert office.decide(office.mayor, "city", request.id, "reject").get_json()["state"] == "rejected"
    assert heard() == ["returned", "resubmitted", "rejected"]


def test_who_asked_takes_it_back_and_nobody_else(office: Office) -> None:
    request = office.ask()
    assert office.api(office.stranger, "POST", f"other/approvals/{request.id}/withdraw", {}).status_code == 404
    colleague = office.world.admin(office.county, "org_auditor")
    refused = office.api(colleague, "POST", f"county/approvals/{request.id}/withdraw", {})
    assert refused.status_code == 403
    back = office.api(office.clerk, "POST", f"county/approvals/{request.id}/withdraw", {"note": "不用了"})
    assert back.get_json()["state"] == "withdrawn"
    assert office.titles(office.mayor, "city") == [], "the desk above was cleared by those below"
    assert office.api(office.clerk, "POST", f"county/approvals/{request.id}/withdraw", {}).status_code == 409
    late = office.decide(office.mayor, "city", request.id)
    assert late.status_code == 409
    assert "小李 has withdrawn this" in reasons(late)
    assert heard() == ["withdrawn"]


def test_a_colleague_with_the_permission_corrects_for_who_asked(office: Office) -> None:
    request = office.ask()
    office.decide(office.mayor, "city", request.id, "return")
    colleague = office.world.admin(office.county)
    again = office.api(colleague, "POST", f"county/approvals/{request.id}/resubmit", {})
    assert again.status_code == 200, again.get_json()


@pytest.mark.clause("ORG-08")
def test_sides_see_a_request_and_nobody_else_learns_of_it(office: Office) -> None:
    request = office.ask("errands.across")
    world = office.world
    reader = world.admin(office.county, "org_auditor")
    plain = world.admin(office.county, "section_head")
    seen = {
        (office.clerk, "county"): 200,
        (reader, "county"): 200,
        (plain, "county"): 404,
        (office.stranger, "other"): 200,
        (office.mayor, "city"): 200,
        (office.governor, "province"): 200,
    }
    for (who, at), status in seen.items():
        assert office.api(who, "GET", f"{at}/approvals/{request.id}").status_code == status, (at, who.display_name)
    neighbour = world.org(office.province, "neighbour")
    assert office.api(world.admin(neighbour), "GET", f"neighbour/approvals/{request.id}").status_code == 404
    assert office.decide(reader, "county", request.id).status_code == 403
    decided = office.decide(office.stranger, "other", request.id)
    assert decided.status_code == 200, "a side beyond the reach of who asks decides, and sees what it decided"
    parties = world.session.scalars(select(ApprovalParty.side).where(ApprovalParty.org_id == office.other.id)).all()
    assert sorted(parties) == ["decides", "other"]


def test_what_the_module_refuses_undoes_the_decision(office: Office) -> None:
    request = office.ask(title="不可能的事")
    STUBBORN.add("不可能的事")
    answer = office.decide(office.mayor, "city", request.id)
    assert answer.status_code == 409
    assert "the errand cannot be run" in reasons(answer)
    assert office.titles(office.mayor, "city") == ["不可能的事"]
    assert [line["act"] for line in office.shown(office.mayor, "city", request.id)["lines"]] == ["submit"]
    assert heard() == []


def test_nobody_decides_what_they_asked_for(office: Office) -> None:
    request = office.ask("errands.own", who=office.mayor, org=office.city)
    assert office.titles(office.mayor, "city") == []
    found = office.shown(office.mayor, "city", request.id)
    assert (found["acts"], found["note"]) == ([], "Nobody decides what they asked for themselves.")
    assert office.decide(office.mayor, "city", request.id).status_code == 409
    assert office.titles(office.governor, "province") == ["借用会议室"], "nobody else sits at the city"
    assert office.decide(office.governor, "province", request.id).status_code == 200


def test_where_nobody_can_decide_the_next_above_can(office: Office) -> None:
    village = office.world.org(office.county, "village", name="村")
    request = office.ask("errands.own", who=office.clerk, org=village)
    assert office.titles(office.mayor, "city") == ["借用会议室"], "the clerk alone sits at the county, and asked"
    assert office.decide(office.mayor, "city", request.id).status_code == 200


def test_a_root_has_nobody_above(office: Office) -> None:
    with pytest.raises(Refused, match="no organisation that could decide"):
        office.ask(who=office.governor, org=office.province)


def test_an_organisation_that_was_revoked_decides_nothing(office: Office) -> None:
    office.world.session.get_one(type(office.city), office.city.id).status = "revoked"
    office.world.session.commit()
    with pytest.raises(Refused, match="has been revoked"):
        office.ask()


def test_a_flow_that_is_gone_can_only_be_withdrawn(office: Office) -> None:
    request = office.ask()
    row = office.world.session.get_one(ApprovalRequest, request.id)
    row.flow = "bygone.flow"
    office.world.session.commit()
    found = office.shown(office.mayor, "city", request.id)
    assert found["acts"] == []
    assert "not installed" in found["note"]
    assert office.decide(office.mayor, "city", request.id).status_code == 409
    back = office.api(office.clerk, "POST", f"county/approvals/{request.id}/withdraw", {})
    assert back.get_json()["state"] == "withdrawn"
    assert heard() == []


def test_a_module_that_is_off_decides_nothing(office: Office) -> None:
    request = office.ask("stamps.stamp")
    found = office.shown(office.mayor, "city", request.id)
    assert "switched off" in found["note"]
    answer = office.decide(office.mayor, "city", request.id)
    assert answer.status_code == 409
    assert "switched off" in reasons(answer)


def test_the_history_cannot_be_rewritten(office: Office, urls: Any) -> None:
    office.ask()
    with psycopg.connect(urls.app) as raw:
        raw.execute("SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true)")
        assert raw.execute("SELECT count(*) FROM approval_entry").fetchone() == (1,)
        for statement in ("UPDATE approval_entry SET opinion = ''", "DELETE FROM approval_entry"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), raw.transaction():
                raw.execute(statement)
    with psycopg.connect(urls.app) as raw:
        for table in ("approval_request", "approval_party", "approval_entry", "approval_file"):
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), "unset scope sees nothing"
    assert office.world.session.scalars(select(ApprovalEntry.number)).all() == [1]
