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
from sqlalchemy.exc import OperationalError

from banyan.kernel.db.rowsecurity import APP_ROLE
from banyan.kernel.db.session import driver_url
from banyan.plugins import known
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
    order = TopologicalSorter({name: plugins.needs(name) for name in plugins.manifests})
    folders = dict(plugins.start("banyan_migrations"))
    found = [Owner(name, folders[name]) for name in order.static_order() if name in folders]
    return [Owner(CORE, CORE_MIGRATIONS), *found]


def upgrade_all(owner_url: str, plugins: Plugins) -> dict[str, str]:
    """Bring every owner's tables to the newest revision; one run at a time, an owner all or nothing.

    A plugin that fails keeps its old tables and holds up nobody but those that need it: it is off until it is mended.

    :param owner_url: connection URL of the role that owns the tables.
    :return: plugin name → what went wrong. A failure of the core's own migrations is raised.
    """
    engine = create_engine(driver_url(owner_url))
    failed: dict[str, str] = {}
    try:
        with engine.connect() as guard:
            guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            for owner in owners(plugins):
                _upgrade_contained(engine, owner, plugins, failed)
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    finally:
        engine.dispose()
    return failed


def _upgrade_contained(engine: Engine, owner: Owner, plugins: Plugins, failed: dict[str, str]) -> None:
    if owner.name == CORE:
        upgrade(engine, owner)
        return
    behind = [name for name in plugins.needs(owner.name) if name in failed]
    if behind:
        failed[owner.name] = f"needs {', '.join(behind)}, which could not be migrated"
        return
    try:
        upgrade(engine, owner)
        with engine.begin() as connection:
            known.remember(connection, plugins, owner.name)
    except Exception as error:
        failed[owner.name] = f"{type(error).__name__}: {error}"
        log.exception("plugin cannot be migrated", plugin=owner.name)


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
    return [state.owner for state in states(connection, plugins) if state.pending]


def unmigrated(engine: Engine, plugins: Plugins) -> frozenset[str]:
    """Names of plugins whose tables are older than their code, and of those that need them.

    A database that cannot be reached now is not asked: then nothing can be served anyway.
    """
    if len(owners(plugins)) == 1:
        return frozenset()
    try:
        with engine.connect() as connection:
            behind = set(pending(connection, plugins)) - {CORE}
    except OperationalError:
        return frozenset()
    while needy := {name for name in plugins.manifests if name not in behind and behind & set(plugins.needs(name))}:
        behind |= needy
    return frozenset(behind)


@dataclass(frozen=True, slots=True)
class State:
    """How far an owner's tables are.

    :ivar current: revision of the database; None before the first. :ivar newest: of the code. :ivar error: the
        revisions themselves cannot be read.
    """

    owner: str
    current: str | None
    newest: str | None
    pending: bool
    error: str = ""


def states(connection: Connection, plugins: Plugins) -> list[State]:
    """Every owner's state; one whose revisions cannot be read is pending, with the reason."""
    return [_state(connection, owner) for owner in owners(plugins)]


def _state(connection: Connection, owner: Owner) -> State:
    context = MigrationContext.configure(connection, opts={"version_table": owner.version_table})
    current = context.get_current_revision()
    try:
        script = owner.script
        newest = script.get_current_head()
        known = {revision.revision for revision in script.walk_revisions()}
    except Exception as error:  # a revision is a program of the plugin's: it may fail in any way
        if owner.name == CORE:
            raise
        return State(owner.name, current, None, pending=True, error=f"{type(error).__name__}: {error}")
    behind = current is None or (current in known and current != newest)
    return State(owner.name, current, newest, pending=behind)
