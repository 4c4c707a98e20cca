"""`banyan db`: the tables."""

from __future__ import annotations

import click
from sqlalchemy import create_engine

from banyan.kernel.clock import SystemClock, today
from banyan.kernel.db.roles import check_app_role
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import driver_url
from banyan.kernel.settings import Settings
from banyan.modules.audit.partitions import ensure_partitions
from banyan.plugins import manager
from banyan.plugins.manager import Plugins
from banyan.plugins.migrate import pending, upgrade_all


@click.group()
def db() -> None:
    """Migrate the database and look at its state."""


def _plugins() -> Plugins:
    from banyan.app import CORE

    return manager.load(CORE)


def bring_up_to_date(owner_url: str, plugins: Plugins) -> dict[str, str]:
    """Migrate, and make the partitions of the audit log that the coming months need.

    :param owner_url: connection URL of the role that owns the tables.
    :return: plugins that could not be migrated, and why; they are off until they can.
    """
    failed = upgrade_all(owner_url, plugins)
    engine = create_engine(driver_url(owner_url))
    try:
        with engine.begin() as connection:
            ensure_partitions(connection, today(SystemClock()))
    finally:
        engine.dispose()
    return failed


@db.command()
def upgrade() -> None:
    """Bring the tables of the core and of every plugin to the newest revision, and make those of the coming months."""
    with database_server(Settings.from_env()) as urls:
        failed = bring_up_to_date(urls.owner, _plugins())
    if failed:
        said = "\n".join(f"  {name}: {reason}" for name, reason in failed.items())
        raise click.ClickException(f"The platform is up to date. These plugins are not, and stay off:\n{said}")
    click.echo("The database is up to date.")


@db.command()
def check() -> None:
    """Tell whether the tables are up to date and the roles are as they must be; exit code 1 if not."""
    with database_server(Settings.from_env()) as urls:
        check_app_role(urls.app)
        engine = create_engine(driver_url(urls.app))
        try:
            with engine.connect() as connection:
                behind = pending(connection, _plugins())
        finally:
            engine.dispose()
    if behind:
        raise click.ClickException(f"Behind: {', '.join(behind)}. Run `banyan db upgrade`.")
    click.echo("The database is up to date.")
