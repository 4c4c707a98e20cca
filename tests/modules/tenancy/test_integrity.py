"""`banyan tree check` and `banyan tree repair`: what hands broke is found, and mended where it can be."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from banyan.kernel.counting import count
from banyan.modules.tenancy.cli import tree
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import figures, integrity
from tests.modules.tenancy.conftest import Installation


def found(installation: Installation) -> set[str]:
    """Which checks find something."""
    with installation.session() as session:
        return {finding.check for finding in integrity.check(session, figures.recount)}


def repaired(installation: Installation) -> dict[str, int]:
    """Mend and commit."""
    with installation.session() as session:
        mended = integrity.repair(session, figures.mend)
        session.commit()
    return mended


def test_a_sound_tree_has_nothing_to_mend(jilin: Installation) -> None:
    assert found(jilin) == set()
    assert repaired(jilin) == {}


@pytest.mark.parametrize(
    ("damage", "checks"),
    [
        ("UPDATE org SET path = '1.zz.' WHERE code = 'jl-2201'", {"path", "token"}),
        ("UPDATE org SET depth = 7 WHERE code = 'jl-220104'", {"depth"}),
        ("UPDATE org SET last_ordinal = 3 WHERE code = 'jilin'", {"last ordinal"}),
        ("DELETE FROM org_token WHERE token = '长春'", {"token"}),
        ("INSERT INTO org_token SELECT '没有', path, id FROM org LIMIT 1", {"token"}),
        ("UPDATE org SET sort_name = 'x' WHERE code = 'jl-2201'", {"sort name"}),
        ("UPDATE stat SET value = value + 5 WHERE metric = 'org.active' AND org_path = '1.'", {"figure"}),
        ("UPDATE stat SET own = 2, value = value + 1 WHERE metric = 'org.active' AND org_path = '1.'", {"figure"}),
        ("DELETE FROM stat WHERE org_path = '1.1.'", {"figure"}),
    ],
)
def test_what_hands_broke_is_found_and_mended(jilin: Installation, damage: str, checks: set[str]) -> None:
    jilin.run(damage)
    assert checks <= found(jilin)

    assert repaired(jilin)

    assert found(jilin) == set()
    assert jilin.value("SELECT path FROM org WHERE code = 'jl-2201'") == "1.1."
    assert jilin.value("SELECT value FROM stat WHERE metric = 'org.active' AND org_path = '1.'") == 1380


def test_what_needs_people_is_told_and_left(jilin: Installation) -> None:
    jilin.run("UPDATE org SET level = 'county' WHERE code = 'jl-220104002'")
    jilin.run("UPDATE org SET type = 'branch' WHERE code = 'jl-2202'")

    repaired(jilin)

    assert {"level", "type"} <= found(jilin)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE org SET status = 'revoked' WHERE code = 'jl-2201'", "ended"),
        ("UPDATE org SET status = 'merged' WHERE code = 'jl-220104002001'", "successor"),
    ],
)
def test_life_below_what_has_ended_and_mergers_into_nothing_are_told(
    jilin: Installation, damage: str, check: str
) -> None:
    jilin.run(damage)

    assert check in found(jilin)


def test_organisations_in_a_circle_are_told(jilin: Installation) -> None:
    jilin.run("UPDATE org SET parent_id = (SELECT id FROM org WHERE code = 'jl-220104') WHERE code = 'jl-2201'")

    assert "circle" in found(jilin)


def test_figures_that_wait_to_be_folded_are_no_disagreement(jilin: Installation) -> None:
    with jilin.session() as session:
        org = session.scalars(select(Org).where(Org.code == "jl-2201")).one()
        count(session, org.ref, "org.active", 1)
        session.commit()
    assert found(jilin) == {"figure"}

    jilin.run("DELETE FROM stat_delta")
    assert found(jilin) == set()


def test_every_table_that_repeats_an_organisation_is_looked_at() -> None:
    assert {"account", "role_grant", "stat", "stat_delta", "stored_file", "outbox_event"} <= set(integrity.copies())


def test_the_command_tells_by_its_exit_code(jilin: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DATABASE_URL", jilin.urls.owner), ("DATABASE_APP_URL", jilin.urls.app)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BANYAN_HOME", os.fspath(jilin.folder.parent / "home"))
    runner = CliRunner()

    sound = runner.invoke(tree, ["check"])
    jilin.run("UPDATE org SET last_ordinal = 3 WHERE code = 'jilin'")
    broken = runner.invoke(tree, ["check", "--json"])
    mended = runner.invoke(tree, ["repair"])
    again = runner.invoke(tree, ["check"])

    assert [sound.exit_code, broken.exit_code, mended.exit_code, again.exit_code] == [0, 1, 0, 0]
    assert '"where":"jilin"' in broken.output
    assert "last ordinal  1 rows mended" in mended.output
