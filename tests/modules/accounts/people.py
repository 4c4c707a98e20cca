"""Accounts with passwords, and what a test looks at afterwards."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.kernel.db.scoped import Whole
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import passwords
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from tests.factories import World

PASSWORD = "green roots hang low"


@cache
def kept() -> str:
    return passwords.hash_password(PASSWORD)


def person(world: World, home: Org, name: str, **values: Any) -> Account:
    """An account that can sign in with `PASSWORD`."""
    return world.account(home, name, password_hash=kept(), **values)


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD, **more: str) -> Any:
    """Post the sign-in form."""
    return client.post("/sign-in", data={"sign_in_name": name, "password": password, **more})


def entries(world: World, action: str) -> list[AuditEntry]:
    """The audit log's entries of one action, as they are now."""
    with world.app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{} Safari/537.36"


def come_from(client: FlaskClient, address: str, agent: str = CHROME.format("140.0")) -> FlaskClient:
    """``client`` as a browser at a network address."""
    client.environ_base["REMOTE_ADDR"] = address
    client.environ_base["HTTP_USER_AGENT"] = agent
    return client


def set_up_factor(client: FlaskClient, world: World) -> tuple[pyotp.TOTP, list[str]]:
    """Set the second factor up in the browser of a signed-in account; its app and the recovery codes."""
    assert client.post("/me/second-factor").status_code == 303
    page = client.get("/me/second-factor/set-up").text
    found = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)
    assert found
    app = pyotp.TOTP(found[1].replace(" ", ""))
    answer = client.post("/me/second-factor/set-up", data={"code": app.at(world.clock.now())})
    assert answer.status_code == 200, answer.text
    codes = re.findall(r'<li class="mono">([a-z0-9-]+)</li>', answer.text)
    assert len(codes) == 10
    return app, codes
