"""The kit: what it makes keeps the rules, what breaks them is caught, and rooms come off without harm."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from banyan.app import CORE
from banyan.cli.plugin import plugin as command
from banyan.kernel.db.embedded import Urls
from banyan.plugins import manager
from banyan.plugins.scaffold import ROOMS, NameRefused, create
from banyan.testing import RULES, Report, check, database
from banyan.testing.locating import CannotFind, Located, locate
from tests.conftest import _URLS
from tests.plugins.spoilt import SPOILT, instead, spoil


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Urls:
    config = request.config
    return Urls(*config.workerinput["urls"]) if hasattr(config, "workerinput") else config.stash[_URLS]


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a plugin's import leaves behind is gone after the test."""
    from banyan.kernel.db.base import Base

    before, modules = set(Base.metadata.tables), set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(Base.metadata.tables) - before:
        Base.metadata.remove(Base.metadata.tables[name])
    for name in set(sys.modules) - modules:
        if name.startswith("banyan_"):
            del sys.modules[name]


def made(folder: Path, name: str, **options: object) -> Path:
    return create(name, folder, label="Guest", author="某某协会", **options)  # type: ignore[arg-type]


def the(folder: Path) -> Located:
    return locate(str(folder))[0]


@pytest.mark.slow
@pytest.mark.clause("PLG-01", "PLG-02")
@pytest.mark.usefixtures("at_home")
def test_what_the_kit_makes_keeps_every_rule(server: Urls, tmp_path: Path) -> None:
    one = the(made(tmp_path, "guest"))
    report = check(one.name, one.implementation, one.package, server=server)
    assert [str(finding) for finding in report.findings] == []
    assert set(report.untried) <= {"reading"}, "a browser may be missing, nothing else"


def test_what_the_kit_makes_passes_its_own_tests_and_is_tidy(server: Urls, tmp_path: Path) -> None:
    folder = made(tmp_path, "visitor")
    lint = subprocess.run([sys.executable, "-m", "ruff", "check", str(folder)], capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout

    # as pip leaves it behind, without pip
    told = tmp_path / "banyan_visitor-0.1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: banyan-visitor\nVersion: 0.1.0\n")
    (told / "entry_points.txt").write_text("[banyan.plugins]\nvisitor = banyan_visitor.plugin\n")
    given = {"PYTHONPATH": f"{tmp_path}:{folder}", "DATABASE_URL": server.owner, "DATABASE_APP_URL": server.app}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_notes.py"],
        cwd=folder,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 passed" in done.stdout


# Every room alone, and all of them at once.
@pytest.mark.parametrize("without", [*((room,) for room in ROOMS), ROOMS], ids="+".join)
@pytest.mark.usefixtures("at_home")
def test_a_plugin_without_a_room_still_works(server: Urls, tmp_path: Path, without: tuple[str, ...]) -> None:
    name = f"without_{without[0] if len(without) == 1 else 'rooms'}"
    one = the(made(tmp_path, name, without=without))
    left = "".join(path.read_text() for path in one.package.rglob("*.py"))
    assert not re.search(r"# </?\w+>", left)
    rules = [rule for rule in RULES if rule.key in ("imports", "catalogues", "loads", "marks", "walls", "migrations")]
    if len(without) > 1:
        rules = [rule for rule in RULES if rule.key not in ("reading", "fuzzing")]
    report = check(one.name, one.implementation, one.package, rules=rules, server=server)
    assert [str(finding) for finding in report.findings] == []


@pytest.fixture(scope="session")
def vandal(server: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A plugin that breaks every rule that can be broken while the platform starts, held against them."""
    folder = made(tmp_path_factory.mktemp("vandal"), "vandal")
    for changes in SPOILT.values():
        for file, change in changes:
            spoil(folder / "banyan_vandal" / file, change)
    before = list(sys.path)
    one = the(folder)
    yield check(one.name, one.implementation, one.package, server=server)
    sys.path[:] = before


@pytest.mark.slow
@pytest.mark.clause("PLG-02")
@pytest.mark.parametrize("rule", SPOILT)
def test_whoever_breaks_a_rule_is_told_where_and_what_to_do(vandal: Report, rule: str) -> None:
    if rule in vandal.untried:
        pytest.skip(vandal.untried[rule])
    found = vandal.of(rule)
    assert found, f"nobody notices {rule}"
    assert all(one.where and one.what and one.remedy for one in found)
    assert not any("asking failed" in one.what for one in found), found


@pytest.mark.usefixtures("at_home")
def test_a_view_without_a_mark_and_a_plugin_that_does_not_load_are_findings(server: Urls, tmp_path: Path) -> None:
    pages = made(tmp_path, "unmarked") / "banyan_unmarked" / "pages.py"
    spoil(pages, instead("@permission(CREATE.name)\ndef new", "def new"))
    one = the(tmp_path / "unmarked")
    report = check(one.name, one.implementation, one.package, server=server)
    assert ["/orgs/<code>/unmarked/new" in finding.what for finding in report.of("marks")] == [True]
    assert "walls" in report.untried

    manifest = made(tmp_path, "older") / "banyan_older" / "plugin.py"
    spoil(manifest, instead('prefix="older_"', 'prefix="older_", api_version=9'))
    one = the(tmp_path / "older")
    assert "API version" in check(one.name, one.implementation, one.package, server=server).of("loads")[0].what


def test_names_that_cannot_be_are_refused_with_the_reason(tmp_path: Path) -> None:
    for name, said in (("A", "no name"), ("class", "cannot"), ("audit", "already"), ("9lives", "no name")):
        with pytest.raises(NameRefused, match=said):
            create(name, tmp_path, label="x", taken=CORE)
    made(tmp_path, "twice")
    with pytest.raises(FileExistsError):
        made(tmp_path, "twice")
    with pytest.raises(CannotFind, match="pyproject"):
        locate(str(tmp_path))
    with pytest.raises(CannotFind, match="neither"):
        locate("nobody")


@pytest.mark.usefixtures("at_home")
def test_the_command_makes_checks_and_tells_in_text_and_json(tmp_path: Path) -> None:
    shell = CliRunner()
    done = shell.invoke(command, ["new", "porter", "--into", str(tmp_path), "--author", "某某协会"])
    assert done.exit_code == 0, done.output
    assert "banyan plugin check porter" in done.output
    assert shell.invoke(command, ["new", "porter", "--into", str(tmp_path)]).exit_code == 1

    folder = str(tmp_path / "porter")
    only = ["--rule", "imports", "--rule", "catalogues"]
    told = shell.invoke(command, ["check", folder, *only])
    assert (told.exit_code, "keeps 2 rules" in told.output) == (0, True), told.output
    source = tmp_path / "porter" / "banyan_porter" / "rules.py"
    source.write_text(
        "import banyan.kernel.clock\n" + source.read_text().replace("from __future__", "# from __future__")
    )
    told = shell.invoke(command, ["check", folder, *only, "--json"])
    assert told.exit_code == 1
    assert '"where": "banyan_porter/rules.py:1"' in told.output
    assert shell.invoke(command, ["check", folder, "--rule", "nothing"]).exit_code == 1

    (tmp_path / "porter" / "banyan_porter" / "locale" / "en" / "LC_MESSAGES" / "messages.po").unlink()
    again = shell.invoke(command, ["catalogues", folder])
    assert again.exit_code == 0, again.output
    assert again.output.count(": whole") == 3


@pytest.mark.clause("PLG-01")
@pytest.mark.usefixtures("at_home")
def test_an_uninstalled_plugin_is_written_out_and_leaves_nothing(
    server: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = the(made(tmp_path, "leaving"))
    plugins = manager.load(CORE, {"leaving": one.implementation})
    with database.fresh_database(server, "banyan_purging", plugins) as urls:
        for variable, value in (
            ("BANYAN_HOME", str(tmp_path)), ("DATABASE_URL", urls.owner), ("DATABASE_APP_URL", urls.app),
        ):  # fmt: skip
            monkeypatch.setenv(variable, value)
        with psycopg.connect(urls.owner) as owner:
            owner.execute(
                "INSERT INTO org_level (key, rank, label, mark) VALUES ('l', 1, '{}', 'l');"
                " INSERT INTO org_type (key, label, parents, root, links) VALUES ('t', '{}', '[]', true, '[]')"
            )
            owner.execute(
                "INSERT INTO org (id, path, depth, ordinal, code, name, sort_name, level, type, created_at, updated_at,"
                " version) VALUES (gen_random_uuid(), '1.', 1, 1, 'x', 'x', 'x', 'l', 't', now(), now(), 1)"
            )
            owner.execute(
                "INSERT INTO leaving_note (id, version, org_id, org_path, text, written_at)"
                " SELECT gen_random_uuid(), 1, id, path, '买茶叶', now() FROM org"
            )
            owner.execute(
                "INSERT INTO module_state (id, org_id, org_path, module, enabled, changed_at)"
                " SELECT gen_random_uuid(), id, path, 'leaving', true, now() FROM org"
            )
        shell = CliRunner()
        assert shell.invoke(command, ["purge", "leaving"], input="n\n").exit_code == 1
        assert not (tmp_path / "purged").exists()
        assert shell.invoke(command, ["purge", "stranger", "--yes"]).exit_code == 1

        done = shell.invoke(command, ["purge", "leaving", "--yes"])

        assert done.exit_code == 0, done.output
        assert "leaving_note: 1 rows" in done.output
        (kept,) = (tmp_path / "purged").glob("leaving-*.zip")
        assert kept.stat().st_mode & 0o077 == 0
        with zipfile.ZipFile(kept) as archive:
            assert "买茶叶" in archive.read("leaving_note.csv").decode()
        with psycopg.connect(urls.owner) as owner:
            names = {row[0] for row in owner.execute("SELECT relname FROM pg_class WHERE relname LIKE '%leaving%'")}
            assert names == set()
            assert owner.execute("SELECT count(*) FROM module_state").fetchone() == (0,)
            audited = owner.execute("SELECT subject_id, before FROM audit_entry WHERE action LIKE '%.purge'").fetchall()
            assert audited == [("leaving", {"rows": {"leaving_note": 1}})]


def test_the_kit_itself_is_no_module() -> None:
    assert "sample" not in manager.load(CORE).manifests
