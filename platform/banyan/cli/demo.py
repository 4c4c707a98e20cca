"""`banyan demo`: the sign-ins of the demonstration."""

from __future__ import annotations

from pathlib import Path

import click
import psycopg

from banyan.kernel.db.roles import CONNECT_TIMEOUT
from banyan.kernel.db.urls import Urls
from banyan.kernel.settings import Settings

FILE = "demo-accounts.txt"


def accounts_file(settings: Settings) -> Path:
    """Where the demonstration's sign-ins are kept, readable by the owner only."""
    return settings.home / FILE


def first_run(settings: Settings, urls: Urls) -> None:
    """Apply the demonstration if it is wanted and nobody has put an organisation into the database yet."""
    if not settings.demo:
        return
    with psycopg.connect(urls.owner, connect_timeout=CONNECT_TIMEOUT) as connection:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM org)").fetchone()
    if row is None or row[0]:
        return
    from banyan.cli.tenants import apply_demo

    click.echo("Setting up the demonstration province ...")
    apply_demo(settings, urls, accounts_file(settings))


@click.group()
def demo() -> None:
    """The demonstration province."""


@demo.command()
def accounts() -> None:
    """Print the demonstration's sign-ins again."""
    file = accounts_file(Settings.from_env())
    if not file.exists():
        raise click.ClickException(f"There is no demonstration here: {file} does not exist. `banyan serve` makes it.")
    click.echo(file.read_text(encoding="utf-8").rstrip())
