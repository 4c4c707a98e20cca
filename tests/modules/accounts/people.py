"""Accounts with passwords, and what a test looks at afterwards."""

from __future__ import annotations

from functools import cache
from typing import Any

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
