"""Manifests made true: repeatable, all or nothing, in whatever order the rows come (ORG-06)."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from banyan.kernel.settings import data_dir
from banyan.modules.tenancy.manifest import apply as applying
from banyan.modules.tenancy.manifest import rollups
from banyan.modules.tenancy.manifest.apply import Step
from banyan.modules.tenancy.services import figures, integrity
from tests.modules.tenancy.conftest import HEAD, Installation

DEMO = data_dir("tenants") / "demo"
TREE = ("jl,,吉林省,province,committee", "cc,jl,长春市,city,committee", "cy,cc,朝阳区,county,branch")


def agrees(installation: Installation) -> list[integrity.Finding]:
    """Disagreements of the tree with itself."""
    with installation.session() as session:
        return integrity.check(session, figures.recount)


@pytest.mark.clause("ORG-06")
def test_a_whole_province_is_provisioned_and_a_second_time_changes_nothing(installation: Installation) -> None:
    first = installation.apply(DEMO / "tenant.yaml")
    second = installation.apply(DEMO / "tenant.yaml")

    assert (first.plan.created, second.plan.created, second.plan.changed, second.plan.same) == (1380, 0, 0, 1380)
    assert second.plan.empty
    assert second.file is None
    levels = dict(map(tuple, installation.rows("SELECT level, count(*) FROM org GROUP BY level")))
    assert levels == {"province": 1, "city": 9, "county": 69, "township": 1075, "village": 226}
    assert [account.sign_in_name for account in first.accounts] == [
        "jilin.admin",
        "changchun.admin",
        "chaoyang.admin",
        "xikanglu.secretary",
    ]
    assert installation.rows("SELECT role, reach FROM role_grant g JOIN org o ON o.id = g.org_id ORDER BY o.path")[
        -1
    ] == ("branch_secretary", "self")
    assert agrees(installation) == []


def test_an_apply_leaves_one_entry_one_event_and_the_list_of_changes(installation: Installation) -> None:
    installation.apply(DEMO / "tenant.yaml")

    assert installation.value("SELECT count(*) FROM audit_entry WHERE action = 'tenancy.manifest.apply'") == 1
    payload = installation.value("SELECT payload FROM outbox_event WHERE name = 'tenancy.manifest.applied'")
    assert payload["created"] == 1380
    key = installation.value("SELECT key FROM stored_file WHERE CAST(id AS text) = :id", id=payload["file_id"])
    with installation.store.open(key) as stream, zipfile.ZipFile(stream) as archive:
        lines = archive.read("changes.csv").decode("utf-8-sig").splitlines()
    assert len([line for line in lines if line.startswith("organisation,create,")]) == 1380
    assert installation.value("SELECT value FROM stat WHERE metric = 'org.active' AND org_path = '1.'") == 1380


@pytest.mark.clause("ORG-06")
def test_rows_come_in_any_order(installation: Installation) -> None:
    lines = [f"x-{n},{'x-' + str(n // 3) if n else ''},组织{n},province,committee" for n in range(40)]
    levels = "".join(f"  - {{ key: l{n}, rank: {n}, mark: 级, label: {{ zh_Hans: 级 }} }}\n" for n in range(1, 9))
    depth = {0: 1}
    for n in range(1, 40):
        depth[n] = depth[n // 3] + 1
    lines = [line.replace("province", f"l{depth[n]}") for n, line in enumerate(lines)]
    head = "banyan: 1\ntitle: 试验\nlevels:\n" + levels + "types:\n" + HEAD.split("types:\n")[1]
    random.Random(7).shuffle(lines)

    installation.apply(installation.write(*lines, yaml=head))

    rows = installation.rows("SELECT o.code, p.code FROM org o LEFT JOIN org p ON p.id = o.parent_id")
    assert dict(map(tuple, rows)) == {f"x-{n}": f"x-{n // 3}" if n else None for n in range(40)}
    assert agrees(installation) == []


def test_what_a_manifest_does_not_mention_is_left_alone(installation: Installation) -> None:
    path = installation.write(*TREE)
    installation.apply(path)
    installation.run("UPDATE org SET phone = '0431-88888888', short_name = '长春' WHERE code = 'cc'")

    plan, _changes = installation.plan(path)

    assert plan.empty
    assert installation.value("SELECT phone FROM org WHERE code = 'cc'") == "0431-88888888"


@pytest.mark.clause("ORG-06")
def test_a_plan_shows_field_by_field_and_changes_nothing_and_apply_makes_it_so(installation: Installation) -> None:
    installation.apply(installation.write(*TREE))
    path = installation.write(*TREE[:2], "cy,cc,南关区,county,branch", "new,cc,新区,county,branch")

    plan, changes = installation.plan(path)
    found = {change.key: (change.kind, dict(change.fields)) for change in changes}

    assert (plan.created, plan.changed, plan.same, plan.absent) == (1, 1, 2, 0)
    assert found["cy"] == ("change", {"name": ("朝阳区", "南关区")})
    assert found["new"][0] == "create"
    assert installation.value("SELECT count(*) FROM org") == 3
    installation.apply(path)
    assert installation.rows("SELECT name, version, path FROM org WHERE code IN ('cy', 'new') ORDER BY path") == [
        ("南关区", 2, "1.1.1."),
        ("新区", 1, "1.1.2."),
    ]
    assert agrees(installation) == []


def test_a_changed_level_is_counted_again(installation: Installation) -> None:
    installation.apply(installation.write("jl,,吉林省,province,committee", "cc,jl,长春市,city,committee"))

    installation.apply(installation.write("jl,,吉林省,province,committee", "cc,jl,长春市,county,committee"))

    assert agrees(installation) == []


def test_absent_organisations_are_reported_and_kept(installation: Installation) -> None:
    installation.apply(installation.write(*TREE, "other,,别省,province,committee"))

    plan, changes = installation.plan(installation.write(*TREE[:2]))

    assert (plan.absent, plan.empty) == (1, True)
    assert [(change.kind, change.key) for change in changes] == [("absent", "cy")]
    assert installation.value("SELECT count(*) FROM org") == 4


def test_a_changed_parent_is_refused(installation: Installation) -> None:
    installation.apply(installation.write(*TREE, "ys,jl,延边州,city,committee"))

    reasons = installation.refused(installation.write(*TREE[:2], "cy,ys,朝阳区,county,branch"))

    assert reasons == ["rows.csv:4: “cy” stands elsewhere. A manifest moves nothing; use “move” for that."]


def test_new_ones_stand_behind_those_that_others_opened(installation: Installation) -> None:
    installation.apply(installation.write(*TREE))
    installation.run("UPDATE org SET last_ordinal = 40 WHERE code = 'cc'")

    installation.apply(installation.write(*TREE, "nz,cc,南关区,county,branch"))

    assert installation.rows("SELECT path, last_ordinal FROM org WHERE code IN ('cc', 'nz') ORDER BY path") == [
        ("1.1.", 41),
        ("1.1.15.", 0),
    ]


def test_two_levels_exchange_their_ranks(installation: Installation) -> None:
    installation.apply(installation.write(TREE[0]))
    head = HEAD.replace("rank: 20", "rank: 99").replace("rank: 30", "rank: 20").replace("rank: 99", "rank: 30")

    installation.apply(installation.write(TREE[0], yaml=head))

    assert dict(map(tuple, installation.rows("SELECT key, rank FROM org_level"))) == {
        "province": 10,
        "city": 30,
        "county": 20,
    }


def test_figures_rolled_up_at_once_are_those_that_are_folded(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.apply(installation.write(*TREE[:2]))
    monkeypatch.setattr(rollups, "FEW", 0)

    installation.apply(installation.write(*TREE, "nz,cc,南关区,county,branch"))

    assert agrees(installation) == []


def test_names_with_formulas_emoji_and_rare_characters_arrive_as_they_are(installation: Installation) -> None:
    names = {"f": "'=SUM(A1)", "a": "'@甲", "e": "青年😀之家", "r": "𡐓村委会", "q": "O'Neil", "b": "back\\slash"}
    lines = [f"{code}{code},jl,{name},city,branch" for code, name in names.items()]

    report = installation.apply(installation.write(TREE[0], *lines))

    assert report.file is not None
    with installation.store.open(report.file.key) as stream, zipfile.ZipFile(stream) as archive:
        listed = list(csv.reader(archive.read("changes.csv").decode("utf-8-sig").splitlines()))
    assert {row[3] for row in listed if row[2] in ("ff", "aa")} == {"'=SUM(A1)", "'@甲"}
    stored = dict(map(tuple, installation.rows("SELECT code, name FROM org WHERE code <> 'jl'")))
    assert stored == {code * 2: name.removeprefix("'") if code in "fa" else name for code, name in names.items()}
    assert agrees(installation) == []


def test_a_table_in_gb18030_is_read_with_its_four_byte_characters(installation: Installation) -> None:
    path = installation.write(TREE[0])
    rows = "code,parent,name,level,type\njl,,吉林省,province,committee\nr1,jl,𡐓村㙦,city,branch\n"
    (installation.folder / "rows.csv").write_bytes(rows.encode("gb18030"))

    installation.apply(path)

    assert installation.value("SELECT name FROM org WHERE code = 'r1'") == "𡐓村㙦"


@pytest.mark.clause("ORG-06")
def test_a_killed_apply_leaves_nothing_and_the_next_one_succeeds(installation: Installation, tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        f"""
import os, signal
from banyan.cli import tenants
from banyan.kernel.db.urls import Urls
from banyan.kernel.settings import Settings
from pathlib import Path
def told(step):
    if step.name == "write search tokens":
        os.kill(os.getpid(), signal.SIGKILL)
tenants._apply(
    Settings.from_env({{"BANYAN_HOME": {str(tmp_path / "home")!r}}}),
    Urls({installation.urls.owner!r}, {installation.urls.app!r}), Path({str(DEMO)!r}), told
)
"""
    )

    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)

    assert ended.returncode == -9, ended.stderr
    for table in ("org", "org_level", "org_token", "stat", "account", "audit_entry", "outbox_event", "stored_file"):
        assert installation.value(f"SELECT count(*) FROM {table}") == 0
    assert installation.apply(DEMO / "tenant.yaml").plan.created == 1380


@pytest.mark.clause("ORG-06")
def test_two_applies_at_once_make_one_tree(installation: Installation) -> None:
    path = installation.write(*TREE)
    created: list[int] = []

    def run() -> None:
        with installation.database.engine.connect():
            pass
        created.append(installation_apply(installation, path))

    threads = [threading.Thread(target=run) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created) == [0, 3]
    assert agrees(installation) == []


def installation_apply(installation: Installation, path: Path) -> int:
    """Apply in a thread, where the application's context has to be entered again; accounts are left out."""
    from banyan.kernel.clock import today
    from banyan.modules.tenancy.manifest import reading
    from banyan.modules.tenancy.manifest.apply import apply

    with installation.context() as ctx:
        report = apply(ctx, reading.read(path, today(ctx.clock)), installation.store)
        ctx.session.commit()
    return report.plan.created


def test_somebody_faster_with_the_same_code_ends_the_apply_and_nothing_is_half_done(installation: Installation) -> None:
    installation.apply(installation.write(*TREE[:2]))
    taken = (
        "INSERT INTO org (id, parent_id, path, depth, ordinal, code, name, sort_name, level, type, created_at,"
        " updated_at, version) SELECT gen_random_uuid(), NULL, '9.', 1, 9, 'cy', '他', 'ta', 'province', 'committee',"
        " now(), now(), 1"
    )

    def told(step: Step) -> None:
        if step.name.startswith("read"):
            installation.run(taken)

    with pytest.raises(IntegrityError, match="uq_org_code"):
        installation.apply(installation.write(*TREE, "nz,cc,南关区,county,branch"), told)

    codes = [code for (code,) in installation.rows("SELECT code FROM org ORDER BY path")]
    assert codes == ["jl", "cc", "cy"]
    assert installation.value("SELECT count(*) FROM org_token WHERE token = '南关'") == 0


def test_accounts_that_exist_keep_everything_and_get_missing_grants(installation: Installation) -> None:
    head = HEAD + "accounts:\n  - { sign_in_name: A.Min, display_name: 甲, organisation: jl }\n"
    first = installation.apply(installation.write(*TREE, yaml=head))
    kept = installation.value("SELECT password_hash FROM account")
    more = head.replace("jl }", "jl, grants: [{ role: org_admin, reach: subtree, organisation: cc }] }")

    second = installation.apply(installation.write(*TREE, yaml=more))

    assert (len(first.accounts), second.accounts) == (1, [])
    assert installation.value("SELECT password_hash FROM account") == kept
    assert installation.rows("SELECT role, reach, org_path FROM role_grant") == [("org_admin", "subtree", "1.1.")]
    assert installation.plan(installation.write(*TREE, yaml=more))[0].empty


@pytest.mark.clause("ORG-06")
def test_an_exported_tree_applied_again_changes_nothing_and_makes_the_same_tree_elsewhere(
    installation: Installation, tmp_path: Path
) -> None:
    from banyan.cli.manifest_accounts import accounts_below
    from banyan.modules.tenancy.manifest.export import export

    head = HEAD + (
        "accounts:\n  - { sign_in_name: amin, display_name: 甲, organisation: jl,"
        " grants: [{ role: org_admin, reach: subtree }] }\n"
    )
    installation.apply(installation.write(*TREE, "ff,jl,'=1+1,city,branch", yaml=head))
    installation.run("UPDATE org SET phone = '+86 431 8888', founded_on = '2020-02-29' WHERE code = 'cc'")
    shown = "SELECT code, path, name, level, type, phone, founded_on, division_code FROM org ORDER BY path"
    before = installation.rows(shown)

    with installation.session() as session:
        export(session, "jl", tmp_path / "out", accounts_below)

    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir())
    assert "argon2" not in text
    assert "password" not in text
    with (tmp_path / "out" / "organisations.csv").open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert {"'=1+1", "'+86 431 8888"} <= set(cells)
    assert installation.plan(tmp_path / "out" / "tenant.yaml")[0].empty
    installation.run("TRUNCATE org, org_level, org_type, account, role_grant CASCADE")
    installation.apply(tmp_path / "out" / "tenant.yaml")
    assert installation.rows(shown) == before
    assert installation.rows("SELECT sign_in_name FROM account") == [("amin",)]


def test_the_first_load_of_a_big_tree_keeps_every_reference_checked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1"
    before = installation.rows(shown)
    monkeypatch.setattr(applying, "MANY", 1)

    installation.apply(installation.write(*TREE))

    assert installation.rows(shown) == before
    assert agrees(installation) == []
