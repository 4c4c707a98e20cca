"""Two levels, a sealed form, and the steps that many tests take."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org
from tests.factories import World

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
FIELDS = {
    "person_in_charge": "赵书记",
    "phone": "0431-88880000",
    "administrator": "李雷",
    "administrator_phone": "13800000000",
    "sign_in_name": "Li.Lei",
    "reason": "新设组织",
}
RECEIPT = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")
CODE = re.compile(r"(?<![A-Z0-9-])[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}(?![A-Z0-9-])")


@dataclass
class Offices:
    """A city that opens accounts for its county."""

    world: World
    client: FlaskClient
    province: Org
    city: Org
    county: Org
    mayor: Account

    def __post_init__(self) -> None:
        self.headers = self.world.token(self.mayor)

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """A call of the API, by the city's administrator unless ``headers`` say otherwise."""
        return self.client.open(f"/api/v1/orgs/{path}", method=method, headers=headers or self.headers, **more)

    def fill_in(self, code: str = "county", headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """Fill in an application."""
        body = {**FIELDS, **fields}
        return self.call("POST", f"{code}/administrator-applications", headers, json=body)

    def scan(self, identity: str, data: bytes = PDF, headers: dict[str, str] | None = None) -> Any:
        """Add the sealed form."""
        files = {"file": (io.BytesIO(data), "盖章.pdf")}
        path = f"county/administrator-applications/{identity}/scan"
        return self.call("POST", path, headers, data=files, content_type="multipart/form-data")

    def send(self, identity: str, headers: dict[str, str] | None = None) -> Any:
        """Send an application."""
        return self.call("POST", f"county/administrator-applications/{identity}/send", headers)

    def sent(self, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """An application that waits for the city's decision."""
        made = self.fill_in(headers=headers, **fields)
        assert made.status_code == 201, made.text
        identity = made.get_json()["id"]
        assert self.scan(identity, headers=headers).status_code == 200
        answer = self.send(identity, headers)
        assert answer.status_code == 200, answer.text
        return {**answer.get_json(), "receipt": made.get_json()["receipt"]}

    def decide(self, request_id: str, act: str, opinion: str = "", headers: dict[str, str] | None = None) -> Any:
        """Decide at the city."""
        held = self.call("GET", f"city/approvals/{request_id}", headers)
        assert held.status_code == 200, held.text
        body = {"act": act, "opinion": opinion, "version": held.get_json()["version"]}
        return self.call("POST", f"city/approvals/{request_id}/decision", headers, json=body)

    def shown(self, identity: str) -> dict[str, Any]:
        """An application as it is now."""
        found: dict[str, Any] = self.call("GET", f"county/administrator-applications/{identity}").get_json()
        return found


def followed(client: FlaskClient, receipt: str) -> FlaskClient:
    """A browser without an account in which an application is open."""
    answer = client.post("/apply", data={"code": receipt.lower().replace("-", " ")})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/apply/application"), answer.text
    return client


def upload(client: FlaskClient, path: str, data: bytes = PDF, name: str = "scan.pdf") -> Any:
    """Post the form of the sealed form."""
    return client.post(path, data={"scan": (io.BytesIO(data), name)}, content_type="multipart/form-data")
