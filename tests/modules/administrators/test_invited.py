"""People without an account: an invitation to apply, a receipt to follow, nothing revealed to anybody else."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.modules.administrators.models import AdministratorApplication, AdministratorKey
from banyan.modules.audit.models import AuditEntry
from tests.factories import World
from tests.modules.administrators.offices import FIELDS, RECEIPT, Offices, followed, upload

pytestmark = pytest.mark.clause("ORG-02")


def invite(offices: Offices) -> str:
    answer = offices.call("POST", "county/administrator-applications/invitations", json={"note": "李雷"})
    assert answer.status_code == 201, answer.text
    code: str = answer.get_json()["code"]
    return code


def test_a_person_without_an_account_fills_in_prints_sends_and_follows(
    app: Banyan, client: FlaskClient, offices: Offices
) -> None:
    code = invite(offices)
    person = app.test_client()
    page = person.post("/apply", data={"code": code})
    assert "朝阳区" in page.text
    assert "长春市" in page.text
    wrong = person.post("/apply/new", data={**FIELDS, "code": code, "phone": "x"})
    assert wrong.status_code == 422
    assert "赵书记" in wrong.text
    applied = person.post("/apply/new", data={**FIELDS, "code": code})
    receipt = RECEIPT.search(applied.text)
    assert receipt
    assert person.post("/apply/new", data={**FIELDS, "code": code}).status_code == 422, "used up"
    sheet = person.get("/apply/application/print").text
    assert all(value in sheet for value in ("朝阳区", "长春市", "赵书记", "李雷", "13800000000", "li.lei"))
    assert receipt[0] not in sheet

    assert person.post("/apply/application/send").status_code == 409
    assert upload(person, "/apply/application/scan", b"").status_code == 422
    assert upload(person, "/apply/application/scan").status_code == 303
    with person.get("/apply/application/scan") as scan:
        assert scan.data.startswith(b"%PDF")
    assert person.post("/apply/application/send").status_code == 303
    rows = offices.call("GET", "city/administrator-applications?state=sent").get_json()["items"]
    assert [(row["administrator"], row["origin"]) for row in rows] == [("李雷", "invited")]
    request_id = offices.shown(rows[0]["id"])["request_id"]
    assert offices.decide(request_id, "return", "请补充公章").status_code == 200

    home = followed(app.test_client(), receipt[0])
    form = home.get("/apply/application/edit").text
    version = form.split('name="version" value="')[1].split('"')[0]
    typed = {**FIELDS, "administrator": "韩梅梅", "version": version}
    assert home.post("/apply/application/edit", data=typed).status_code == 303
    assert home.post("/apply/application/send").status_code == 303
    assert offices.shown(rows[0]["id"])["state"] == "sent"
    assert home.post("/apply/application/withdraw").status_code == 303
    assert offices.shown(rows[0]["id"])["state"] == "withdrawn"
    assert home.post("/apply/leave").status_code == 303
    assert home.get("/apply/application").headers["Location"] == "/apply"


def test_without_a_receipt_nothing_opens(app: Banyan, client: FlaskClient, offices: Offices) -> None:
    offices.sent()
    for path in ("application", "application/edit", "application/print", "application/scan"):
        assert client.get(f"/apply/{path}").headers["Location"] == "/apply"
    for path in (
        "application/edit",
        "application/scan",
        "application/send",
        "application/withdraw",
        "application/code",
    ):
        assert client.post(f"/apply/{path}").headers["Location"] == "/apply"


def test_wrong_used_withdrawn_and_expired_codes_are_answered_alike_and_slowed_down(
    app: Banyan, client: FlaskClient, offices: Offices, clock: FixedClock, world: World
) -> None:
    used, withdrawn = invite(offices), invite(offices)
    client.post("/apply/new", data={**FIELDS, "code": used})
    row = world.session.scalars(select(AdministratorKey).where(AdministratorKey.used_at.is_(None))).all()
    other = next(one for one in row if one.kind == "invitation")
    path = f"county/administrator-applications/invitations/{other.id}/withdraw"
    assert offices.call("POST", path).status_code == 200
    assert offices.call("POST", path).status_code == 409
    answers = {client.post("/apply", data={"code": code}).text for code in (used, withdrawn, "AAAA-AAAA")}
    shapes = {text.split("data-problems>")[1].split("</div>")[0] for text in answers}
    assert len(shapes) == 1
    clock.instant += timedelta(minutes=1)
    for _ in range(40):
        last = client.post("/apply", data={"code": "BBBB-BBBB"})
    assert "15" in last.text.split("data-problems")[1][:400]
    fresh = offices.call("POST", "county/administrator-applications/invitations", json={})
    assert fresh.status_code == 409, "an application is on its way already"


def test_an_invitation_ends_after_twenty_days(client: FlaskClient, offices: Offices, clock: FixedClock) -> None:
    code = invite(offices)
    clock.instant += timedelta(days=20)
    assert client.post("/apply", data={"code": code}).status_code == 422


def test_two_people_with_one_invitation_make_one_application(app: Banyan, offices: Offices, world: World) -> None:
    code = invite(offices)
    answers: list[int] = []
    barrier = threading.Barrier(3)

    def attempt(number: int) -> None:
        barrier.wait()
        data = {**FIELDS, "sign_in_name": f"person{number}", "code": code}
        answers.append(app.test_client().post("/apply/new", data=data).status_code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 422, 422]
    assert world.session.scalar(select(func.count()).select_from(AdministratorApplication)) == 1


def test_codes_are_kept_nowhere(app: Banyan, offices: Offices, world: World) -> None:
    code = invite(offices)
    receipt = RECEIPT.search(app.test_client().post("/apply/new", data={**FIELDS, "code": code}).text)
    assert receipt
    rows = world.session.scalars(select(AuditEntry)).all()
    columns = AuditEntry.__table__.columns
    written = json.dumps([[str(getattr(row, column.key)) for column in columns] for row in rows])
    keys = [(row.hint, row.note, row.code_hash) for row in world.session.scalars(select(AdministratorKey))]
    for secret in (code, receipt[0]):
        assert secret not in written
        assert secret.replace("-", "") not in written + str(keys)
