"""What becomes of requests when organisations merge, and of what was handed in with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from banyan.kernel.files import keep, produced
from banyan.modules.approvals import plugin
from banyan.modules.tenancy.services.life import carrying
from tests.modules.approvals.office import Office


@pytest.mark.clause("ORG-05", "APR-01")
def test_what_waited_for_an_organisation_waits_for_the_one_it_was_merged_into(office: Office) -> None:
    waits = office.ask(title="等审批")
    returned = office.ask("errands.long", title="已退回")
    office.decide(office.mayor, "city", returned.id, "return")
    asked = office.ask("errands.own", title="本级", who=office.mayor, org=office.city)
    ctx = office.world.context(office.governor, office.province)
    with office.world.app.app_context():
        plugin.banyan_org_merging(ctx, office.city.ref, office.other.ref)
        carrying.carry(ctx, office.city.ref, office.other.ref)
        ctx.session.commit()
    ctx.session.close()
    assert sorted(office.titles(office.stranger, "other")) == ["本级", "等审批"]
    assert office.decide(office.stranger, "other", waits.id).get_json()["state"] == "approved"
    assert office.decide(office.stranger, "other", asked.id).get_json()["state"] == "approved"
    assert office.shown(office.stranger, "other", returned.id)["state"] == "returned"


@pytest.mark.clause("APR-01", "ORG-08")
def test_a_file_is_for_those_who_see_the_request_and_for_nobody_else(office: Office, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.4 sealed")
    app = office.world.app
    with app.app_context():
        ctx = office.context(office.clerk, office.county)
        kept = keep(ctx, app.extensions["banyan.runtime"].store, office.county.ref, produced(scan, "申请表.pdf"))
        ctx.session.commit()
    request = office.ask("errands.across", files=[kept])
    assert [file["name"] for file in office.shown(office.stranger, "other", request.id)["files"]] == ["申请表.pdf"]
    path = f"approvals/{request.id}/files/{kept.id}"
    answer = office.api(office.stranger, "GET", f"other/{path}")
    assert answer.data == b"%PDF-1.4 sealed", "also where the file itself lies beyond the reach of who decides"
    assert "attachment" in answer.headers["Content-Disposition"]
    answer.close()
    page = office.world.sign_in(office.stranger).get(f"/orgs/other/{path}")
    assert page.status_code == 200
    page.close()
    far = office.world.org(office.province, "far")
    assert office.api(office.world.admin(far), "GET", f"far/{path}").status_code == 404
    second = office.ask("errands.across")
    assert office.api(office.stranger, "GET", f"other/approvals/{second.id}/files/{kept.id}").status_code == 404
