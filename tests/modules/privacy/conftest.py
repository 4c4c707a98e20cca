"""What tests of personal data arrange."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from banyan.modules.people.models import Member
from tests.modules.people.conftest import Registry, identity_number, registry
from tests.modules.tasks.conftest import runner

__all__ = ["ADDRESS", "EMAIL", "NUMBER", "PHONE", "Known", "known", "registry", "runner"]

NUMBER = identity_number(37)
PHONE, EMAIL, ADDRESS = "13812345678", "chengyuan@example.org", "吉林省长春市朝阳区卫星路7186号3单元"
CLEAR = {"document_number": NUMBER, "phone": PHONE, "email": EMAIL, "address": ADDRESS}


class Known:
    """A member of the first branch, with everything that identifies and reaches somebody."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.world = registry.world
        self.member: Member = registry.admit(name="成员001", **CLEAR)
        self.url = f"/orgs/{registry.branch.code}/members/{self.member.id}"
        self.api = f"/api/v1{self.url}"

    def account(self) -> Any:
        """The member's own account, without any role."""
        account = self.world.account(self.registry.branch, "chengyuan001")
        account.person_id = self.member.person_id
        held = self.world.session.get_one(Member, self.member.id)
        held.account_id = account.id
        self.world.session.commit()
        return account

    def client(self, role: str = "org_admin", place: Any = None) -> FlaskClient:
        """A browser of somebody with ``role`` at the branch, or at ``place``."""
        return self.world.sign_in(self.world.admin(place or self.registry.branch, role))


@pytest.fixture
def known(registry: Registry) -> Known:
    return Known(registry)
