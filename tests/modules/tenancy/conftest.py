"""An installation of its own for tests that bring levels and types along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask_babel import force_locale
from sqlalchemy import text

from banyan.boundary import Banyan
from banyan.cli.manifest_accounts import ManifestAccounts
from banyan.kernel.clock import FixedClock, today
from banyan.kernel.context import Context
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.kernel.db.urls import clone_database, with_database
from banyan.kernel.files import LocalFolder
from banyan.kernel.settings import data_dir
from banyan.kernel.values import Actor
from banyan.modules.access import policy
from banyan.modules.tenancy.manifest import reading
from banyan.modules.tenancy.manifest.apply import ApplyReport, Told
from banyan.modules.tenancy.manifest.apply import apply as apply_manifest
from banyan.modules.tenancy.manifest.plan import Change, Plan, changes, prepare
from banyan.modules.tenancy.manifest.values import ManifestRefused
from tests.conftest import TEMPLATE

HEAD = """\
banyan: 1
title: 试验
levels:
  - { key: province, rank: 10, mark: 省, label: { zh_Hans: 省级 } }
  - { key: city, rank: 20, mark: 市, label: { zh_Hans: 市级 } }
  - { key: county, rank: 30, mark: 县, label: { zh_Hans: 县级 } }
types:
  - { key: committee, root: true, label: { zh_Hans: 委员会 } }
  - { key: branch, parents: [committee], label: { zh_Hans: 支部 } }
"""
COLUMNS = "code,parent,name,level,type"


@dataclass
class Installation:
    """A database with nothing in it, and a folder for manifests."""

    urls: Urls
    folder: Path
    clock: FixedClock
    database: Database
    told: list[str] = field(default_factory=list)

    @contextmanager
    def session(self) -> Iterator[ScopedSession]:
        """A session over everything, as the owner."""
        with self.database.session(Whole("test")) as session:
            yield session

    @contextmanager
    def context(self) -> Iterator[Context]:
        """The command line's context."""
        with self.session() as session:
            yield Context(session, Actor(None, "banyan tenants", "cli"), None, self.clock, "test")

    def write(self, *lines: str, yaml: str = HEAD, tables: str = "tables: [{ file: rows.csv }]\n") -> Path:
        """A manifest with one table of ``lines``."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "rows.csv").write_text("\n".join((COLUMNS, *lines)) + "\n", encoding="utf-8")
        path = self.folder / "tenant.yaml"
        path.write_text(yaml + tables, encoding="utf-8")
        return path

    def apply(self, path: Path, told: Told | None = None) -> ApplyReport:
        """Apply and commit."""
        with self.context() as ctx:
            manifest = reading.read(path, today(self.clock))
            report = apply_manifest(ctx, manifest, self.store, ManifestAccounts(policy.store()), told)
            ctx.session.commit()
        return report

    def plan(self, path: Path) -> tuple[Plan, list[Change]]:
        """The differences, with nothing changed."""
        with self.session() as session:
            manifest = reading.read(path, today(self.clock))
            found = prepare(session, manifest, today(self.clock), ManifestAccounts(policy.store()))
            return found, list(changes(session))

    def refused(self, path: Path) -> list[str]:
        """The mistakes of a manifest, as people read them."""
        with pytest.raises(ManifestRefused) as caught:
            self.apply(path)
        return [str(problem) for problem in caught.value.problems]

    @property
    def store(self) -> LocalFolder:
        return LocalFolder(self.folder.parent / "files")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """What a statement answers."""
        with self.session() as session:
            return list(session.execute(text(statement), values).all())

    def value(self, statement: str, **values: Any) -> Any:
        """The one value a statement answers."""
        return self.rows(statement, **values)[0][0]

    def run(self, statement: str) -> None:
        """Write past the code."""
        with psycopg.connect(self.urls.owner, autocommit=True) as owner:
            owner.execute(statement)


@contextmanager
def _installed(urls: Urls, app: Banyan, template: str, name: str, folder: Path) -> Iterator[Installation]:
    owner = clone_database(urls.owner, template, name)
    database = Database(owner, pool_size=4)
    clock = FixedClock(datetime(2026, 2, 12, 4, 0, tzinfo=UTC))
    own = Urls(owner, with_database(urls.app, name))
    with app.app_context(), force_locale("en"):
        yield Installation(own, folder / "manifest", clock, database)
    database.dispose()


def _drop(urls: Urls, name: str) -> None:
    with psycopg.connect(urls.owner, autocommit=True) as connection, suppress(psycopg.errors.InsufficientPrivilege):
        # an owner may not end what the server does there by itself; the next one of that name takes its place
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def installation(urls: Urls, app: Banyan, worker_id: str, tmp_path: Path) -> Iterator[Installation]:
    """Empty, with a clock at noon of 12 February 2026."""
    name = f"banyan_manifest_{worker_id}"
    with _installed(urls, app, TEMPLATE, name, tmp_path) as found:
        yield found
    _drop(urls, name)


@pytest.fixture(scope="session")
def _demo(urls: Urls, _app: Banyan, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = f"banyan_demo_{worker_id}"
    with _installed(urls, _app, TEMPLATE, name, tmp_path_factory.mktemp("demo")) as found:
        found.apply(data_dir("tenants") / "demo" / "tenant.yaml")
    yield name
    _drop(urls, name)


@pytest.fixture
def jilin(urls: Urls, app: Banyan, worker_id: str, _demo: str, tmp_path: Path) -> Iterator[Installation]:
    """The demonstration, applied."""
    name = f"banyan_jilin_{worker_id}"
    with _installed(urls, app, _demo, name, tmp_path) as found:
        yield found
    _drop(urls, name)
