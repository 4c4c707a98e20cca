"""The platform with a plugin: a database of its own, with the plugin's tables in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from banyan.app import CORE, create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.urls import clone_database, with_database
from banyan.kernel.settings import Settings
from banyan.kernel.values import ModuleManifest
from banyan.plugins import hookimpl, manager, migrate
from tests.conftest import _URLS, NOW, TEMPLATE, emptying
from tests.plugins.banyan_guestbook import plugin as guestbook


class Ribbon:
    """A module that needs the guestbook and brings nothing of its own."""

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("ribbon", "Ribbon", "A ribbon for the book", "1.0", requires=("guestbook",))


EXTRA = {"guestbook": guestbook, "ribbon": Ribbon()}


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest, worker_id: str) -> Iterator[Urls]:
    """Addresses of a database with the plugins' tables."""
    config = request.config
    found = Urls(*config.workerinput["urls"]) if hasattr(config, "workerinput") else config.stash[_URLS]
    name = f"banyan_plugins_{worker_id}"
    clone_database(found.owner, TEMPLATE, name)
    own = Urls(with_database(found.owner, name), with_database(found.app, name))
    migrate.upgrade_all(own.owner, manager.load(CORE, EXTRA))
    yield own
    with psycopg.connect(found.owner, autocommit=True) as owner, suppress(psycopg.errors.InsufficientPrivilege):
        owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _cleaner(urls: Urls) -> str:
    return emptying(urls.owner)


@pytest.fixture(scope="session")
def _app(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Banyan]:
    home: Path = tmp_path_factory.mktemp("plugins-home")
    limits = {f"BANYAN_API_{name}": "1000000" for name in ("REQUESTS", "WRITES", "STRANGERS")}
    options = Settings.from_env({"BANYAN_HOME": str(home), "BANYAN_POOL_SIZE": "12", **limits})
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW), extra=EXTRA)
    app.config.update(TESTING=False, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()
