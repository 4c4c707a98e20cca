"""Migrations: core first, then plugins in the order of their dependencies, each with a version table of its own."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from banyan.kernel.db.rowsecurity import APP_ROLE
from banyan.kernel.db.session import driver_url
from banyan.plugins.manager import Plugins

CORE = "core"
CORE_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LOCK = 0x62616E79616E  # "banyan"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose tables: the core or a plugin."""

    name: str
    folder: Path

    @property
    def version_table(self) -> str:
        return f"alembic_version_{self.name}"

    @property
    def script(self) -> ScriptDirectory:
        return ScriptDirectory(str(self.folder), version_locations=[str(self.folder)])


def owners(plugins: Plugins) -> list[Owner]:
    """The core, then every plugin with migrations, dependencies before dependants."""
    order = TopologicalSorter({name: manifest.requires for name, manifest in plugins.manifests.items()})
    folders = dict(plugins.start("banyan_migrations"))
    found = [Owner(name, folders[name]) for name in order.static_order() if name in folders]
    return [Owner(CORE, CORE_MIGRATIONS), *found]


def upgrade_all(owner_url: str, plugins: Plugins) -> None:
    """Bring every owner's tables to the newest revision; one run at a time, an owner all or nothing.

    :param owner_url: connection URL of the role that owns the tables.
    """
    engine = create_engine(driver_url(owner_url))
    try:
        with engine.connect() as guard:
            guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            for owner in owners(plugins):
                upgrade(engine, owner)
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    finally:
        engine.dispose()


def upgrade(engine: Engine, owner: Owner, target: str = "heads") -> None:
    """Run ``owner``'s revisions up to ``target``."""

    def steps(revision: object, _context: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs(target, revision)  # type: ignore[arg-type]

    script = owner.script
    with engine.connect() as connection:
        _run(connection, owner, script, steps)


def downgrade(engine: Engine, owner: Owner, target: str = "base") -> None:
    """Take ``owner``'s revisions back to ``target``."""

    def steps(revision: object, _context: MigrationContext) -> list[RevisionStep]:
        return script._downgrade_revs(target, revision)  # type: ignore[arg-type]

    script = owner.script
    with engine.connect() as connection:
        _run(connection, owner, script, steps)


def _run(connection: Connection, owner: Owner, script: ScriptDirectory, steps: object) -> None:
    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, version_table=owner.version_table, transactional_ddl=True)
        with environment.begin_transaction():
            environment.run_migrations()
            connection.execute(text(f"GRANT SELECT ON {owner.version_table} TO {APP_ROLE}"))
    connection.commit()
    log.info("migrated", owner=owner.name, revision=script.get_current_head())


def pending(connection: Connection, plugins: Plugins) -> list[str]:
    """Names of owners whose database is older than the code. A newer database is no reason to stop serving."""
    behind = []
    for owner in owners(plugins):
        script = owner.script
        context = MigrationContext.configure(connection, opts={"version_table": owner.version_table})
        current = context.get_current_revision()
        known = {revision.revision for revision in script.walk_revisions()}
        if current is None or (current in known and current != script.get_current_head()):
            behind.append(owner.name)
    return behind
