"""`banyan accounts`: the first administrator of a tree, and a way in when a password is lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from typing import NoReturn
from uuid import uuid4

import click
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from banyan.kernel import i18n
from banyan.kernel.clock import SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.server import database_server
from banyan.kernel.db.session import Database
from banyan.kernel.errors import DomainError, Invalid
from banyan.kernel.events import publish
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor
from banyan.modules.access.events import RoleGranted
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.permissions import ROLES
from banyan.modules.accounts import rules
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import new_passwords, resets, second_factor, sessions
from banyan.modules.accounts.services.accounts import open_account
from banyan.modules.accounts.services.subjects import subject
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.models import Org

GENERATED_LENGTH = 16


@click.group("accounts")
def commands() -> None:
    """Make accounts and reset passwords from the shell."""


@commands.command()
@click.argument("sign_in_name")
@click.option("--org", "code", required=True, help="Code of the organisation that the account belongs to.")
@click.option("--name", "display_name", help="What people call its holder; the sign-in name unless given.")
@click.option("--role", type=click.Choice([role.key for role in ROLES]), default="org_admin", show_default=True)
@click.option("--reach", type=click.Choice(["subtree", "self"]), default="subtree", show_default=True)
@click.option("--phone", default="")
@click.option("--generate", is_flag=True, help="Make up a password and print it, instead of asking for one.")
def create(
    sign_in_name: str, code: str, display_name: str | None, role: str, reach: str, phone: str, generate: bool
) -> None:
    """Make an account with a role at an organisation: the first administrator of a tree."""
    password = _new_password(generate)
    with _operating("making an account from the command line") as ctx:
        home = ctx.session.scalar(select(Org).where(Org.code == code))
        if home is None:
            raise click.ClickException(f"There is no organisation with the code {code!r}.")
        account = open_account(
            ctx,
            sign_in_name=sign_in_name,
            display_name=display_name or sign_in_name,
            home=home.ref,
            password=password,
            phone=phone,
        )
        _grant(ctx, account, role, reach)
        click.echo(f"{account.sign_in_name} is {role} of {home.name} ({reach}).")
    if generate:
        click.echo(f"Password: {password}")


@commands.command()
@click.argument("sign_in_name")
@click.option("--generate", is_flag=True, help="Make up a password and print it, instead of asking for one.")
@click.option("--drop-second-factor", is_flag=True, help="Take the second factor away, when phone and codes are lost.")
@click.option("--thaw", is_flag=True, help="Let an account in again that was frozen after a report of theft.")
def reset_password(sign_in_name: str, generate: bool, drop_second_factor: bool, thaw: bool) -> None:
    """Give an account a new password; all its sessions end."""
    password = _new_password(generate)
    with _operating("resetting a password from the command line") as ctx:
        account = _account(ctx, sign_in_name)
        weak = new_passwords.problems(ctx, account, password)
        if weak:
            raise Invalid({"password": weak})
        if drop_second_factor and second_factor.clear(ctx, account):
            record(ctx, "accounts.second_factor.delete", subject(account), org=account.org)
        if thaw and account.status == "frozen":
            resets.thaw(ctx, account)
        new_passwords.set_password(ctx, account, password)
        ended = sessions.end_all(ctx, account.id)
        click.echo(f"{account.sign_in_name} has a new password; sessions that ended: {ended}.")
        if account.status != "active":
            click.echo(f"The account is {account.status}; its administrator can let it in again.")
    if generate:
        click.echo(f"Password: {password}")


@commands.command()
@click.argument("sign_in_name")
@click.option("--end", is_flag=True, help="Take it back.")
def operator(sign_in_name: str, end: bool) -> None:
    """Let an account see to the installation itself: plugins, their health and failures."""
    with _operating("naming an operator from the command line") as ctx:
        account = _account(ctx, sign_in_name)
        if account.operator == (not end):
            click.echo(f"{account.sign_in_name} is {'no operator' if end else 'an operator already'}.")
            return
        account.operator = not end
        what = "accounts.account.end_operator" if end else "accounts.account.make_operator"
        record(ctx, what, Subject("account", str(account.id), account.sign_in_name), org=account.org)
        click.echo(f"{account.sign_in_name} is {'no longer an' if end else 'an'} operator.")


def _account(ctx: Context, sign_in_name: str) -> Account:
    name = rules.sign_in_name(sign_in_name)
    account = ctx.session.scalar(select(Account).where(Account.sign_in_name == name))
    if account is None:
        raise click.ClickException(f"There is no account called {name!r}.")
    return account


@contextmanager
def _operating(reason: str) -> Iterator[Context]:
    """A context over everything, committed when the block ends well. Reasons are said in English."""
    speaking = Flask(__name__)
    i18n.init_app(speaking, [])
    settings = Settings.from_env()
    with speaking.app_context(), force_locale("en"), database_server(settings) as urls:
        database = Database(urls.app, pool_size=2, pooled_by_proxy=settings.pooled_by_proxy)
        try:
            with database.session(Whole(reason)) as session:
                actor = Actor(None, getuser(), "cli")
                yield Context(session, actor, None, SystemClock(), f"cli-{uuid4().hex}")
                session.commit()
        except DomainError as error:
            _complain(error)
        finally:
            database.dispose()


def _complain(error: DomainError) -> NoReturn:
    raise click.ClickException(str(error)) from error


def _new_password(generate: bool) -> str:
    if generate:
        return "".join(secrets.choice(rules.CODE_ALPHABET.lower()) for _ in range(GENERATED_LENGTH))
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _grant(ctx: Context, account: Account, role: str, reach: str) -> None:
    now = ctx.clock.now()
    grant = RoleGrant(
        org_id=account.org_id,
        org_path=account.org_path,
        account_id=account.id,
        role=role,
        reach=reach,
        not_before=now,
        granted_at=now,
    )
    ctx.session.add(grant)
    ctx.session.flush()
    after = {"account": account.sign_in_name, "role": role, "reach": reach}
    about = Subject("grant", str(grant.id), account.sign_in_name)
    record(ctx, "access.grant.grant", about, org=account.org, after=after)
    publish(ctx, account.org, RoleGranted(str(grant.id), str(account.id), role, reach))
