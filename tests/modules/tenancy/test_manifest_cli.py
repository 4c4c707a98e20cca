"""`banyan tenants plan | apply | export`: what operators type and read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from banyan.cli.tenants import apply_demo, tenants
from banyan.kernel.settings import Settings
from banyan.modules.accounts.services.passwords import verified
from tests.modules.tenancy.conftest import HEAD, Installation

TREE = ("jl,,吉林省,province,committee", "cc,jl,长春市,city,committee")
ACCOUNTS = "accounts:\n  - { sign_in_name: amin, display_name: 甲, organisation: jl }\n"


@pytest.fixture
def typed(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> object:
    """Types a command against the installation."""
    monkeypatch.setenv("DATABASE_URL", installation.urls.owner)
    monkeypatch.setenv("DATABASE_APP_URL", installation.urls.app)
    monkeypatch.setenv("BANYAN_HOME", os.fspath(installation.folder.parent / "home"))

    def run(*words: object) -> Result:
        return CliRunner().invoke(tenants, [str(word) for word in words])

    return run


@pytest.mark.clause("ORG-06")
def test_plan_apply_export_and_their_exit_codes(installation: Installation, typed: object, tmp_path: Path) -> None:
    assert callable(typed)
    path = installation.write(*TREE, yaml=HEAD + ACCOUNTS)

    planned = typed("plan", path)
    applied = typed("apply", path.parent)
    repeated = typed("plan", path)
    exported = typed("export", "jl", tmp_path / "out")
    wrong = typed("apply", installation.write("jl,,吉林省,planet,committee"))

    codes = [planned.exit_code, applied.exit_code, repeated.exit_code, exported.exit_code, wrong.exit_code]
    assert codes == [2, 0, 0, 0, 1], [planned.output, applied.output, wrong.output]
    assert "+ create  organisation  cc                                长春市" in planned.output
    assert "2 to create, 0 to change, 0 the same, 0 absent" in planned.output
    assert "0 to create, 0 to change, 2 the same" in repeated.output
    assert "rows.csv:2: There is no level “planet”." in wrong.output
    assert installation.value("SELECT count(*) FROM org") == 2
    password = next(line.split()[1] for line in applied.output.splitlines() if line.startswith("  amin"))
    assert verified(installation.value("SELECT password_hash FROM account"), password)


def test_machines_read_json(installation: Installation, typed: object) -> None:
    assert callable(typed)
    path = installation.write(*TREE)

    planned = orjson.loads(typed("plan", "--json", path).output)
    applied = orjson.loads(typed("apply", "--json", path).output)
    refused = orjson.loads(typed("plan", "--json", installation.write("jl,,吉林省,planet,committee")).output)

    assert (planned["create"], applied["create"]) == (2, 2)
    assert [change["key"] for change in planned["changes"]][-2:] == ["jl", "cc"]
    assert {step["step"] for step in applied["steps"]} >= {"write organisations", "write search tokens"}
    assert refused["refused"][0]["line"] == 2


def test_the_first_run_sets_up_the_demonstration_with_sign_ins_for_the_owner_only(
    installation: Installation, tmp_path: Path
) -> None:
    settings = Settings.from_env({"BANYAN_HOME": str(tmp_path / "home")})
    file = settings.home / "demo-accounts.txt"

    apply_demo(settings, installation.urls, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = dict(line.split()[:2] for line in file.read_text(encoding="utf-8").splitlines()[1:])
    administrators = {"jilin.admin", "changchun.admin", "chaoyang.admin", "xikanglu.secretary"}
    assert set(lines) == administrators | {"xikanglu.member"}
    for name, password in lines.items():
        assert verified(
            installation.value("SELECT password_hash FROM account WHERE sign_in_name = :name", name=name), password
        )
    assert installation.value("SELECT count(*) FROM org") == 1380
    assert installation.value("SELECT count(*) FROM member") == 40
    assert installation.value("SELECT count(*) FROM member WHERE account_id IS NOT NULL") == 1
