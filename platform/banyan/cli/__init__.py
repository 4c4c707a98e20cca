"""The command ``banyan``: for operators and for `make run`. Modules add commands through the hook ``banyan_cli``."""

from __future__ import annotations

import importlib
from typing import Any

import click
import psycopg
from sqlalchemy.exc import ProgrammingError

from banyan import __version__
from banyan.cli.supervisor import ChildError
from banyan.kernel import logs
from banyan.kernel.db.embedded import PostgresError
from banyan.kernel.db.osuser import Unreachable
from banyan.kernel.db.roles import RoleError
from banyan.kernel.errors import DomainError
from banyan.kernel.keyring import SecretChanged
from banyan.kernel.settings import SettingsError

# Loaded when they are asked for: the web process sets up how its metrics are shared before anything imports them.
OWN = {
    name: f"banyan.cli.{name}"
    for name in ("db", "demo", "events", "keys", "plugin", "serve", "stats", "tenants", "web", "worker")
}
# What an operator can mend: said in one message, without a traceback.
MENDABLE = (
    ChildError,
    DomainError,
    PostgresError,
    RoleError,
    SecretChanged,
    SettingsError,
    Unreachable,
    psycopg.OperationalError,
)


class Commands(click.Group):
    """The core's commands, then those of modules, which are loaded only when one of them is asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MENDABLE as error:
            raise click.ClickException(str(error).strip()) from error
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.UndefinedTable):
                told = "The database is older than this program. Run `banyan db upgrade`."
                raise click.ClickException(told) from error
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*OWN, *_of_modules()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in OWN:
            return _of_modules().get(cmd_name)
        command = getattr(importlib.import_module(OWN[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command


def _of_modules() -> dict[str, click.Command]:
    from banyan.app import CORE
    from banyan.plugins import manager

    found: dict[str, click.Command] = {}
    for module, commands in manager.load(CORE).start("banyan_cli"):
        for command in commands:
            name = command.name or ""
            if name in found or name in OWN:
                raise click.ClickException(f"Module {module!r} brings a command {name!r}, which exists already.")
            found[name] = command
    return found


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="banyan")
def main() -> None:
    """Banyan: one installation for a whole tree of organisations."""
    logs.configure("console", "WARNING")
