"""What ``pytest`` finds by itself where the platform is installed (entry point ``pytest11``).

``banyan``: a whole platform with the installed plugins in it, one for the run. ``banyan_world``: things to act with,
gone after each test. ``banyan_check``: holds a plugin against the rules of the house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from banyan.kernel.db.urls import Urls
    from banyan.testing import Installation, Report, World


@pytest.fixture(scope="session")
def banyan_server() -> Iterator[Urls]:
    """Addresses of a PostgreSQL server for the run."""
    from banyan.testing import database

    with database.server() as found:
        yield found


@pytest.fixture(scope="session")
def banyan(banyan_server: Urls) -> Iterator[Installation]:
    """A platform with all installed plugins."""
    from banyan.testing import installation

    with installation(server=banyan_server) as found:
        yield found


@pytest.fixture
def banyan_world(banyan: Installation) -> Iterator[World]:
    """Things to act with; everything is gone after the test."""
    with banyan.world() as world:
        yield world


@pytest.fixture(scope="session")
def banyan_check(banyan_server: Urls) -> Callable[[str], Report]:
    """Holds a plugin against the rules, by its name or the folder of its distribution: call it once."""
    from banyan.testing import check
    from banyan.testing.locating import locate

    def held(target: str) -> Report:
        found = locate(target)[0]
        return check(found.name, found.implementation, found.package, server=banyan_server)

    return held
