"""`banyan tenants`: manifests shown, applied and written back (ORG-06)."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson
from flask_babel import force_locale
from sqlalchemy import update

from banyan.cli import demo_members
from banyan.cli.manifest_accounts import ManifestAccounts, accounts_below
from banyan.kernel.clock import SystemClock, today
from banyan.kernel.context import Context
from banyan.kernel.db.failures import explained
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.db.urls import Urls
from banyan.kernel.files import LocalFolder
from banyan.kernel.settings import Settings, data_dir, write_private
from banyan.kernel.values import Actor
from banyan.modules.access import policy
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.manifest import export as exporting
from banyan.modules.tenancy.manifest import reading
from banyan.modules.tenancy.manifest.apply import ApplyReport, Step
from banyan.modules.tenancy.manifest.apply import apply as apply_manifest
from banyan.modules.tenancy.manifest.plan import Change, NewAccount, Plan, changes, prepare
from banyan.modules.tenancy.manifest.values import Manifest, ManifestRefused

REFUSED = 1
DIFFERENT = 2
SHOWN = 200
MARKS = {"create": "+", "change": "~", "absent": "?"}


@click.group()
def tenants() -> None:
    """Trees of organisations from manifests: what would change, make it so, write a tree back."""


@contextmanager
def _owner(settings: Settings, urls: Urls) -> Iterator[Context]:
    """A context of the role that owns the tables, inside the application: row security does not bind the owner."""
    from banyan.app import create_app

    app = create_app(settings, app_url=urls.app)
    database = Database(urls.owner, pool_size=1)
    try:
        with (
            app.app_context(),
            force_locale("en"),
            database.session(Whole("manifests are applied to whole trees")) as session,
        ):
            actor = Actor(None, "banyan tenants", "cli")
            yield Context(session, actor, None, SystemClock(), f"cli-{secrets.token_hex(8)}")
    finally:
        database.dispose()
        app.extensions["banyan.runtime"].db.dispose()


def _manifest(ctx: Context, path: Path) -> Manifest:
    return reading.read(path / "tenant.yaml" if path.is_dir() else path, today(ctx.clock))


_PATH = click.argument("manifest", type=click.Path(exists=True, path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


@tenants.command()
@_PATH
@_JSON
@click.option("--all", "everything", is_flag=True, help=f"Show all differences, not only the first {SHOWN}.")
def plan(manifest: Path, as_json: bool, everything: bool) -> None:
    """Show what `apply` would change; changes nothing.

    Exit code 0: nothing, 1: the manifest has mistakes, 2: there are differences.
    """
    settings = Settings.from_env()
    with database_server(settings) as urls, _owner(settings, urls) as ctx:
        read = _manifest(ctx, manifest)
        try:
            found = prepare(ctx.session, read, today(ctx.clock), ManifestAccounts(policy.store()))
        except ManifestRefused as refused:
            _refuse(refused, as_json=as_json)
        differences = changes(ctx.session)
        if as_json:
            click.echo(orjson.dumps(_summary(found)).decode()[:-1] + ',"changes":[', nl=False)
            for n, change in enumerate((*found.definitions, *differences)):
                click.echo(("," if n else "") + orjson.dumps(_as_json(change), default=str).decode(), nl=False)
            click.echo("]}")
        else:
            _show(found, differences, everything)
        ctx.session.rollback()
    sys.exit(0 if found.empty else DIFFERENT)


@tenants.command()
@_PATH
@_JSON
def apply(manifest: Path, as_json: bool) -> None:
    """Make the tree what MANIFEST says: all of it or nothing. A second time changes nothing.

    Passwords of accounts that are created are printed once. Exit code 0: done, 1: refused.
    """
    settings = Settings.from_env()
    with database_server(settings) as urls:
        try:
            report = _apply(settings, urls, manifest, None if as_json else _tell)
        except ManifestRefused as refused:
            _refuse(refused, as_json=as_json)
    if as_json:
        click.echo(orjson.dumps(_reported(report)).decode())
        return
    click.echo(_totals(report.plan, "created", "changed"))
    for account in report.accounts:
        click.echo(f"  {account.sign_in_name}  {account.password}  ({account.display_name}, {account.organisation})")


def _apply(settings: Settings, urls: Urls, manifest: Path, told: Any) -> ApplyReport:
    with _owner(settings, urls) as ctx:
        read, store = _manifest(ctx, manifest), LocalFolder(settings.home / "files")
        report = None
        try:
            report = apply_manifest(ctx, read, store, ManifestAccounts(policy.store()), told)
            ctx.session.commit()
        except Exception as error:
            ctx.session.rollback()
            if report is not None and report.file is not None:
                store.delete(report.file.key)
            reason = explained(error)
            if reason is error:
                raise
            raise click.ClickException(str(reason)) from error
    return report


@tenants.command()
@click.argument("code")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(code: str, folder: Path) -> None:
    """Write the organisation CODE and all below it to FOLDER, as a manifest without secrets."""
    settings = Settings.from_env()
    with database_server(settings) as urls, _owner(settings, urls) as ctx:
        number = exporting.export(ctx.session, code, folder, accounts_below)
        ctx.session.rollback()
    click.echo(f"{number} organisations written to {folder / exporting.MANIFEST}.")


def apply_demo(settings: Settings, urls: Urls, accounts_file: Path) -> None:
    """Apply the demonstration, and keep its sign-ins in ``accounts_file`` for its owner only.

    The file is written before the commit: a demonstration that is there can be signed in to. Its first account also
    sees to the installation itself, as an operator does.
    """
    with _owner(settings, urls) as ctx:
        read = _manifest(ctx, data_dir("tenants") / "demo")
        store = LocalFolder(settings.home / "files")
        report = apply_manifest(ctx, read, store, ManifestAccounts(policy.store()))
        own = demo_members.settle(ctx)
        if report.accounts:
            write_private(accounts_file, _sign_ins([*report.accounts, *own]))
            first = report.accounts[0].sign_in_name
            ctx.session.execute(update(Account).where(Account.sign_in_name == first).values(operator=True))
        ctx.session.commit()


def _sign_ins(accounts: list[NewAccount]) -> str:
    width = max(len(account.sign_in_name) for account in accounts)
    lines = [
        f"  {account.sign_in_name:<{width}}  {account.password}  {account.display_name} · {account.organisation}"
        for account in accounts
    ]
    return "Demonstration sign-ins:\n" + "\n".join(lines) + "\n"


def _refuse(refused: ManifestRefused, *, as_json: bool) -> NoReturn:
    if as_json:
        problems = [
            {"file": problem.where.file, "line": problem.where.line, "reason": str(problem.reason)}
            for problem in refused.problems
        ]
        click.echo(orjson.dumps({"refused": problems, "more": refused.more}).decode())
    else:
        for problem in refused.problems:
            click.echo(str(problem), err=True)
        more = f" and {refused.more} more" if refused.more else ""
        click.echo(f"Refused: {len(refused.problems)} mistakes{more}. Nothing was changed.", err=True)
    sys.exit(REFUSED)


def _show(found: Plan, differences: Iterator[Change], everything: bool) -> None:
    for n, change in enumerate((*found.definitions, *_bounded(differences, everything))):
        if not n:
            click.echo("  change  what          key                               difference")
        click.echo(f"  {MARKS[change.kind]} {change.kind:<6}  {change.thing:<12}  {change.key:<32}  {_told(change)}")
    for account in found.accounts:
        roles = ", ".join(f"{grant.role} at {grant.organisation} ({grant.reach})" for grant in account.grants)
        kind = "create" if account.new else "change"
        click.echo(f"  {MARKS[kind]} {kind:<6}  {'account':<12}  {account.entry.sign_in_name:<32}  {roles}")
    shown, all_of_them = SHOWN, found.created + found.changed + found.absent
    if not everything and all_of_them > shown:
        click.echo(f"  … and {all_of_them - shown} more (--all shows them)")
    click.echo(_totals(found))


def _bounded(differences: Iterator[Change], everything: bool) -> Iterator[Change]:
    for n, change in enumerate(differences):
        if n >= SHOWN and not everything:
            return
        yield change


def _told(change: Change) -> str:
    if change.kind == "create":
        return change.name
    if change.kind == "absent":
        return f"{change.name} (not in the manifest; left alone)"
    return "; ".join(f"{field}: {before} → {after}" for field, (before, after) in change.fields.items())


def _totals(found: Plan, create: str = "to create", change: str = "to change") -> str:
    parts = [
        f"{found.created} {create}",
        f"{found.changed} {change}",
        f"{found.same} the same",
        f"{found.absent} absent from the manifest",
        f"{len(found.definitions)} definitions",
        f"{len(found.accounts)} accounts",
    ]
    return ", ".join(parts) + "."


def _tell(step: Step) -> None:
    click.echo(f"  {step.name:<26} {step.seconds:8.1f} s  {step.rows:>9} rows")


def _summary(found: Plan) -> dict[str, Any]:
    return {
        "create": found.created,
        "change": found.changed,
        "same": found.same,
        "absent": found.absent,
        "definitions": len(found.definitions),
        "accounts": [account.entry.sign_in_name for account in found.accounts],
    }


def _as_json(change: Change) -> dict[str, Any]:
    fields = {name: {"before": before, "after": after} for name, (before, after) in change.fields.items()}
    return {"what": change.thing, "change": change.kind, "key": change.key, "name": change.name, "fields": fields}


def _reported(report: ApplyReport) -> dict[str, Any]:
    steps = [{"step": step.name, "seconds": round(step.seconds, 3), "rows": step.rows} for step in report.steps]
    made = [
        {"sign_in_name": made.sign_in_name, "password": made.password, "organisation": made.organisation}
        for made in report.accounts
    ]
    return {**_summary(report.plan), "steps": steps, "created_accounts": made}
