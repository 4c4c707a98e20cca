"""What tests of people arrange."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.context import Context
from banyan.kernel.worker import Runner
from banyan.modules.people.models import Member
from banyan.modules.people.rules import documents
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from tests.factories import World


def identity_number(place: int = 1, born: date = date(2008, 5, 17), male: bool = True, region: str = "220104") -> str:
    """An invented identity number with a right check digit; ``place`` tells it from others of that day."""
    first = f"{region}{born:%Y%m%d}{place // 5 % 100:02d}{(place % 5) * 2 + male}"
    return first + documents.check_digit(first)


@dataclass
class Registry:
    """A tree of a province, a city and two branches, and who works there."""

    world: World
    root: Org
    city: Org
    branch: Org
    other: Org
    opened: list[Context] = field(default_factory=list)

    def ctx(self, org: Org, role: str = "org_admin", reach: str = "subtree", scope: Any = None) -> Context:
        """A context of a new account with ``role`` at ``org``."""
        account = self.world.admin(org, role, reach)
        made = self.world.context(account, org, scope)
        self.opened.append(made)
        return made

    def admit(self, org: Org | None = None, **data: Any) -> Member:
        """A member of ``org``, by default of the first branch; committed."""
        place = org or self.branch
        ctx = self.ctx(place)
        with self.world.app.test_request_context():
            made = members.admit(ctx, place.ref, {"name": "成员001", **data})
            ctx.session.commit()
        ctx.session.close()
        return made


@pytest.fixture
def registry(world: World) -> Iterator[Registry]:
    root = world.org(name="吉林省")
    city = world.org(root, name="长春市")
    made = Registry(world, root, city, world.org(city, name="第一支部"), world.org(city, name="第二支部"))
    yield made
    for ctx in made.opened:
        ctx.session.close()


@pytest.fixture
def runner(app: Banyan) -> Runner:
    """Runs jobs of the application."""
    return runner_of(app, threading.Event())


@pytest.fixture
def branch(registry: Registry) -> Iterator[Any]:
    """A member who can sign in, and who answers for the branch; see `own.Branch`."""
    from tests.modules.people.own import arranged

    with registry.world.app.test_request_context():
        yield arranged(registry)


@pytest.fixture
def served(registry: Registry) -> Any:
    """The same for tests that ask the application: no request is open around them."""
    from tests.modules.people.own import arranged

    with registry.world.app.test_request_context():
        made = arranged(registry)
    return made
