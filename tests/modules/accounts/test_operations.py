"""What operators do: accounts from the shell, deletion by rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock, SystemClock
from banyan.kernel.db.urls import Urls
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts import cli, jobs
from banyan.modules.accounts.models import Account, AccountSession, ApiToken, RegistrationCode, Throttle
from banyan.modules.accounts.services.accounts import open_account
from tests.factories import World
from tests.modules.accounts.people import entries, person, sign_in

NEW = "roots reach the water"


@pytest.fixture
def shell(urls: Urls, app: Banyan, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("BANYAN_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", urls.owner)
    monkeypatch.setenv("DATABASE_APP_URL", urls.app)
    return CliRunner()


def test_the_first_administrator_is_made_from_the_shell(
    shell: CliRunner, app: Banyan, world: World, clock: FixedClock
) -> None:
    world.org(code="jl")
    done = shell.invoke(
        cli.commands, ["create", "Root.Admin", "--org", "jl", "--name", "省管理员"], input=f"{NEW}\n{NEW}\n"
    )
    assert done.exit_code == 0, done.output
    assert NEW not in done.output
    clock.instant = SystemClock().now()  # the shell's
    client = app.test_client()
    assert sign_in(client, "root.admin", NEW).status_code == 303
    assert client.get("/orgs/jl/administrators").status_code == 200
    assert world.session.scalars(select(RoleGrant)).one().granted_by is None
    assert [entry.via for entry in entries(world, "accounts.account.create")] == ["cli"]


def test_a_generated_password_is_printed_and_works(shell: CliRunner, app: Banyan, world: World) -> None:
    account = person(world, world.org(code="jl"), "li.ming")
    browser = world.sign_in(account)
    done = shell.invoke(cli.commands, ["reset-password", "Li.Ming", "--generate"])
    assert done.exit_code == 0, done.output
    password = done.output.strip().split()[-1]
    assert browser.get("/me").status_code == 303, "its sessions have ended"
    assert sign_in(app.test_client(), "li.ming", password).status_code == 303


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["create", "li.ming", "--org", "nowhere"], f"{NEW}\n{NEW}\n", "no organisation"),
        (["create", "x", "--org", "jl"], f"{NEW}\n{NEW}\n", "3 to 64"),
        (["create", "li.ming", "--org", "jl"], "1234567890\n1234567890\n", "guessed first"),
        (["reset-password", "nobody"], f"{NEW}\n{NEW}\n", "no account"),
        (["reset-password", "there"], "short\nshort\n", "at least 10"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    shell: CliRunner, world: World, arguments: list[str], typed: str, said: str
) -> None:
    person(world, world.org(code="jl"), "there")
    done = shell.invoke(cli.commands, arguments, input=typed)
    assert done.exit_code == 1
    assert said in done.output
    assert world.session.scalar(select(func.count()).select_from(Account)) == 1


def test_open_account_serves_the_manifest(app: Banyan, world: World) -> None:
    home = world.org(code="jl")
    ctx = world.context(world.admin(home))
    with app.app_context(), ctx.session:
        account = open_account(ctx, sign_in_name="Demo", display_name="演示", home=home.ref, password=None)
        ctx.session.commit()
    assert (account.sign_in_name, account.password_hash, account.org_id) == ("demo", None, home.id)
    assert sign_in(app.test_client(), "demo", "").status_code == 422


def test_what_ended_long_ago_is_deleted_and_nothing_else(app: Banyan, world: World, clock: FixedClock) -> None:
    home = world.org(code="jl")
    account = person(world, home, "li.ming")
    for _ in range(2):
        world.sign_in(account)
        world.token(account, expires_at=clock.now() + timedelta(days=1))
        _code(world, account)
        clock.instant += timedelta(days=201)
    sign_in(app.test_client(), "nobody.here", "wrong")
    world.sign_in(account)
    world.token(account)
    _code(world, account)
    ctx = world.context(account)
    with ctx.session:
        jobs.purge(ctx)
        ctx.session.commit()
    kept = {model: world.session.scalar(select(func.count()).select_from(model)) for model in MODELS}
    assert kept == {AccountSession: 1, ApiToken: 1, RegistrationCode: 1, Throttle: 4}
    clock.instant += timedelta(days=2)
    with ctx.session:
        jobs.purge(ctx)
        ctx.session.commit()
    assert world.session.scalar(select(func.count()).select_from(Throttle)) == 0


MODELS = (AccountSession, ApiToken, RegistrationCode, Throttle)


def _code(world: World, account: Account) -> None:
    world.session.add(
        RegistrationCode(
            org_id=account.org_id,
            org_path=account.org_path,
            code_hash=str(world.clock.now()).encode(),
            hint="AA",
            role="member",
            reach="self",
            created_by=account.id,
            created_at=world.clock.now(),
            expires_at=world.clock.now() + timedelta(days=20),
        )
    )
    world.session.commit()


def test_an_operator_is_named_and_dismissed_on_the_command_line(shell: CliRunner, app: Banyan, world: World) -> None:
    account = world.account(world.org(), "root")
    said = [shell.invoke(cli.commands, ["operator", name]) for name in ("Root", "root", "nobody")]
    assert [one.exit_code for one in said] == [0, 0, 1]
    world.session.refresh(account)
    assert account.operator

    assert shell.invoke(cli.commands, ["operator", "root", "--end"]).exit_code == 0
    world.session.refresh(account)
    assert not account.operator
