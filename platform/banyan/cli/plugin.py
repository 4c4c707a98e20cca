"""`banyan plugin`: for those who write plugins, and for those who uninstall one."""

from __future__ import annotations

import importlib.metadata
import sys
from getpass import getuser
from pathlib import Path

import click
import orjson
import psycopg
from psycopg.types.json import Jsonb

from banyan.kernel import logs
from banyan.kernel.clock import SystemClock
from banyan.kernel.db.base import new_id
from banyan.kernel.db.server import database_server
from banyan.kernel.settings import Settings
from banyan.plugins import purging
from banyan.plugins.scaffold import ROOMS, NameRefused, create
from banyan.testing.locating import CannotFind, Located


@click.group()
def plugin() -> None:
    """Write, check and take leave of plugins."""


@plugin.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder to make it in.")
@click.option("--label", help="What people call the module; its name unless given.")
@click.option("--author", default="", help="Who answers for it.")
@click.option("--without", multiple=True, type=click.Choice(ROOMS), help="A room to leave out; may be repeated.")
def new(name: str, into: Path, label: str | None, author: str, without: tuple[str, ...]) -> None:
    """Make a working plugin called NAME, with tests, to begin with."""
    try:
        told = label or name.capitalize()
        folder = create(name, into, label=told, author=author, without=without, taken=_taken())
    except (NameRefused, FileExistsError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Made {folder}. Next:")
    click.echo(f"  pip install -e '{folder}[test]'   then   banyan db upgrade")
    click.echo(f"  pytest {folder}")
    click.echo(f"  banyan plugin check {name}")


@plugin.command()
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--rule", "wanted", multiple=True, help="Ask this rule alone; may be repeated.")
def check(target: str, as_json: bool, wanted: tuple[str, ...]) -> None:
    """Hold a plugin against the rules: TARGET is the name of an installed one, or the folder of its distribution."""
    from banyan.testing import conformity
    from banyan.testing.reporting import as_data, as_text

    logs.configure("console", "ERROR")
    known = {rule.key for rule in conformity.RULES}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise click.ClickException(f"No such rule: {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
    rules = [rule for rule in conformity.RULES if not wanted or rule.key in wanted]
    reports = [conformity.check(one.name, one.implementation, one.package, rules=rules) for one in _located(target)]
    if as_json:
        click.echo(orjson.dumps([as_data(report) for report in reports], option=orjson.OPT_INDENT_2).decode())
    else:
        for report in reports:
            click.echo(as_text(report, rules))
    if not all(report.good for report in reports):
        sys.exit(1)


@plugin.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def catalogues(folder: Path) -> None:
    """Bring the catalogues of the plugin in FOLDER up to date with its code; what is new stands there empty."""
    from banyan.testing.catalogues import update

    for one in _located(str(folder)):
        for path, left in update(one.package).items():
            click.echo(f"{path}: {left} to fill in" if left else f"{path}: whole")


@plugin.command()
@click.argument("name")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder for its data; BANYAN_HOME/purged."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(name: str, into: Path | None, yes: bool) -> None:
    """Write out the data of the uninstalled plugin NAME, then drop its tables and all traces of it.

    Unless told otherwise, its data goes into the folder purged of BANYAN_HOME.
    """
    if name in _taken():
        raise click.ClickException(f"{name} is installed. Uninstall its package first (pip uninstall), then purge it.")
    settings = Settings.from_env()
    target = (into or settings.home / "purged") / f"{name}-{SystemClock().now():%Y%m%d-%H%M%S}.zip"
    with database_server(settings) as urls, psycopg.connect(urls.owner) as owner:
        tables = purging.tables_of(owner, name)
        told = ", ".join(tables) or "no tables"
        if not yes:
            click.confirm(f"Write {told} to {target} and drop them?", abort=True)
        done = purging.purge(owner, name, target)
        _record(owner, name, done)
    for table, rows in done.tables.items():
        click.echo(f"  {table}: {rows} rows")
    click.echo(f"Everything of {name} is in {done.file} and nowhere else.")


def _record(owner: psycopg.Connection[tuple[object, ...]], name: str, done: purging.Purged) -> None:
    """The audit entry, in the same transaction."""
    owner.execute(
        "INSERT INTO audit_entry (at, id, account_name, via, address, request_id, action, outcome, subject_type,"
        " subject_id, subject_label, before) VALUES (%s, %s, %s, 'cli', '', %s, 'operators.plugin.purge', 'done',"
        " 'plugin', %s, %s, %s)",
        (SystemClock().now(), new_id(), getuser(), f"cli-{new_id().hex}", name, name, Jsonb({"rows": done.tables})),
    )


def _taken() -> set[str]:
    from banyan.app import CORE
    from banyan.plugins.manager import ENTRY_POINTS

    return {*CORE, *(entry.name for entry in importlib.metadata.entry_points(group=ENTRY_POINTS))}


def _located(target: str) -> list[Located]:
    from banyan.testing.locating import locate

    try:
        return locate(target)
    except CannotFind as error:
        raise click.ClickException(str(error)) from error
    except Exception as error:  # a plugin is a program of somebody else's
        raise click.ClickException(f"{target} cannot be imported: {type(error).__name__}: {error}") from error
