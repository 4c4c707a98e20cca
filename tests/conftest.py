"""One real PostgreSQL for the whole run: migrated once into a template, cloned for every test process, emptied
between tests. The parent process owns the server; xdist's workers only get its address."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import event

from banyan.app import CORE, create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import EmbeddedPostgres, Urls
from banyan.kernel.db.roles import ensure_app_role
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.db.urls import clone_database, with_database
from banyan.kernel.settings import Settings
from banyan.modules.operators.services import standing
from banyan.plugins import manager, migrate
from banyan.testing.database import emptying
from banyan.testing.installation import NOW, plain_tracebacks
from tests.factories import World

TEMPLATE = "banyan_template"
# What a change has to pass is the same for every run; people's own runs look further each time.
settings.register_profile(
    "banyan",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("banyan")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the parent process."""
    plain_tracebacks()
    if hasattr(config, "workerinput"):
        return
    own = os.environ.get("DATABASE_URL")
    if own:
        urls = Urls(own, os.environ["DATABASE_APP_URL"])
        with psycopg.connect(own) as owner:
            ensure_app_role(owner)
    else:
        home = Path(tempfile.mkdtemp(prefix="bt-", dir="/tmp"))
        server = EmbeddedPostgres(home, durable=False)
        urls = server.start()
        config.stash[_SERVER] = (server, home)
    config.stash[_URLS] = urls
    _make_template(urls)


def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the server is."""
    node.workerinput["urls"] = tuple(node.config.stash[_URLS])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    server, home = config.stash.get(_SERVER, (None, None))
    if server is not None:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Record which clauses a test proves, for the report of `--junitxml`."""
    if call.when == "setup":
        codes = [code for mark in item.iter_markers("clause") for code in mark.args]
        item.user_properties.extend(("clause", code) for code in codes)


_SERVER = pytest.StashKey[tuple[EmbeddedPostgres, Path]]()
_URLS = pytest.StashKey[Urls]()


def _make_template(urls: Urls) -> None:
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    template = with_database(urls.owner, TEMPLATE)
    with psycopg.connect(template) as owner:
        ensure_app_role(owner)
    migrate.upgrade_all(template, manager.load(CORE))


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest, worker_id: str) -> Iterator[Urls]:
    """Addresses of this process' own database."""
    config = request.config
    found = Urls(*config.workerinput["urls"]) if hasattr(config, "workerinput") else config.stash[_URLS]
    name = f"banyan_test_{worker_id}"
    clone_database(found.owner, TEMPLATE, name)
    yield Urls(with_database(found.owner, name), with_database(found.app, name))
    with psycopg.connect(found.owner, autocommit=True) as owner, suppress(psycopg.errors.InsufficientPrivilege):
        # an owner may not end another role's connection; the server of the run is thrown away anyway
        owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _cleaner(urls: Urls) -> str:
    return emptying(urls.owner)


@pytest.fixture
def clean(urls: Urls, _cleaner: str) -> Iterator[None]:
    """Every table empty after the test; real commits, no rollback tricks."""
    yield
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute(_cleaner)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BANYAN_HOME of the tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def clock() -> FixedClock:
    """Thursday 12 February 2026, 10:00 in Shanghai."""
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def _app(urls: Urls, home: Path) -> Iterator[Banyan]:
    limits = {f"BANYAN_API_{name}": "1000000" for name in ("REQUESTS", "WRITES", "STRANGERS")}
    options = Settings.from_env({"BANYAN_HOME": str(home), "BANYAN_POOL_SIZE": "12", **limits})
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW))
    app.config.update(TESTING=False, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()


@pytest.fixture
def app(_app: Banyan, clock: FixedClock, clean: None) -> Banyan:
    """The application on a database of its own, with a clock the test can turn."""
    held = _app.extensions["banyan.runtime"]
    _app.extensions["banyan.runtime"] = replace(held, clock=clock)
    _app.extensions[standing.KEY].forget()
    return _app


@pytest.fixture
def client(app: Banyan) -> FlaskClient:
    """A browser or API client without cookies."""
    return app.test_client()


@pytest.fixture
def db(app: Banyan) -> Database:
    """The database as the application reaches it."""
    database: Database = app.extensions["banyan.runtime"].db
    return database


@pytest.fixture
def session(db: Database) -> Iterator[ScopedSession]:
    """A session that sees everything, for arranging and looking."""
    with db.session(Whole("test")) as found:
        yield found


@pytest.fixture
def world(app: Banyan, session: ScopedSession, clock: FixedClock) -> World:
    """A small tree to act in; see `tests.factories`."""
    return World(app, session, clock)


@pytest.fixture
def statements(db: Database) -> Iterator[list[str]]:
    """Every statement the application sends, to count them."""
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # the exchange of rate limits comes once a second, whoever asks for what
        if "api_count" not in statement:
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    yield said
    event.remove(db.engine, "before_cursor_execute", listen)
