"""Documents: checked on their way in, attachments on their way out, for whoever may read their organisation."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.kernel.db.base import new_id
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.files import StoredFile
from banyan.modules.tenancy.models import Org
from tests.factories import World


@pytest.fixture
def county(world: World) -> Org:
    return world.org(world.org(code="province"), "county")


@pytest.fixture
def headers(world: World, county: Org) -> dict[str, str]:
    return world.token(world.admin(county))


def uploaded(client: FlaskClient, headers: dict[str, str], data: bytes, name: str = "批复.pdf") -> Any:
    body = {"file": (io.BytesIO(data), name)}
    return client.post("/api/v1/orgs/county/files", data=body, headers=headers, content_type="multipart/form-data")


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "parent": "county",
        "name": "桂林街道",
        "level": "township",
        "type": "league",
        "code": "street",
        "founded_on": "2020-05-04",
        "person_in_charge": "成员001",
        "phone": "0431-8888 0000",
        "approved_on": "2026-01-05",
        "approval_number": "1号",
        **changes,
    }


def test_an_approval_document_goes_with_the_organisation_it_founded(
    client: FlaskClient, headers: dict[str, str], world: World, session: ScopedSession
) -> None:
    answer = uploaded(client, headers, PDF)
    assert answer.status_code == 201, answer.get_json()
    document = answer.get_json()
    assert (document["media_type"], document["name"]) == ("application/pdf", "批复.pdf")

    created = client.post(
        "/api/v1/orgs/county/organisations", json=body(approval_document=document["id"]), headers=headers
    )

    assert created.status_code == 201, created.get_json()
    street = session.scalars(select(Org).where(Org.code == "street")).one()
    stored = session.scalars(select(StoredFile)).one()
    assert (stored.org_id, stored.org_path, street.approval_document) == (street.id, street.path, stored.id)
    with client.get(f"/api/v1/orgs/street/files/{stored.id}", headers=headers) as found:
        assert found.data == PDF
        assert found.headers["Content-Disposition"] == f"attachment; filename={stored.download_name}"
    again = body(code="other", approval_document=document["id"])
    refused = client.post("/api/v1/orgs/county/organisations", json=again, headers=headers)
    assert [problem["field"] for problem in refused.get_json()["errors"]] == ["approval_document"]


def test_a_document_of_somebody_else_or_of_nobody_cannot_be_named(
    client: FlaskClient, headers: dict[str, str], world: World, county: Org
) -> None:
    others = uploaded(client, world.token(world.admin(county)), PDF).get_json()["id"]
    for identifier in (others, str(new_id())):
        answer = client.post(
            "/api/v1/orgs/county/organisations", json=body(approval_document=identifier), headers=headers
        )
        assert answer.status_code == 422
    assert client.get(f"/api/v1/orgs/county/files/{others}", headers=headers).status_code == 404


@pytest.mark.parametrize("data", [b"", b"MZ\x90\x00 a program", b"<html><script>alert(1)</script></html>"])
def test_only_documents_are_taken_whatever_they_are_called(
    client: FlaskClient, headers: dict[str, str], data: bytes
) -> None:
    answer = uploaded(client, headers, data, "approval.pdf")
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.get_json()["errors"]] == ["file"]
