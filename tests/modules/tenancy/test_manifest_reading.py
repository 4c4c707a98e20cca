"""Mistakes in manifests: all of them, each once, with file, line and reason; nothing is changed."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from banyan.kernel.settings import data_dir
from banyan.modules.accounts import rules
from banyan.modules.tenancy.manifest import csvfile, yamlfile
from banyan.modules.tenancy.manifest.cells import FORMULA, guarded, unguarded
from banyan.modules.tenancy.manifest.sql import base36
from tests.modules.tenancy.conftest import HEAD, Installation

TOP = "jl,,吉林省,province,committee"


def test_the_schema_is_one_and_tells_what_every_section_is() -> None:
    schema = orjson.loads((data_dir("tenants") / yamlfile.SCHEMA).read_bytes())

    Draft202012Validator.check_schema(schema)
    assert all("description" in part for part in schema["properties"].values())


@pytest.mark.clause("ORG-06")
def test_every_mistake_is_told_once_with_file_and_line(installation: Installation) -> None:
    path = installation.write(
        TOP,
        "Big,jl,大写,city,committee",
        "cc,jl,长春市,city,committee",
        "cc,jl,又是长春,city,committee",
        "lost,nowhere,无上级,city,committee",
        "deep,jl,太浅,province,committee",
        "what,jl,没有的层级,planet,committee",
        "kind,jl,没有的类型,city,club",
        "root,,支部,province,branch",
        "bb,cc,下级,county,branch",
        "ba,bb,支部下,county,branch",
        "ring1,ring3,一,city,committee",
        "ring2,ring1,二,city,committee",
        "ring3,ring2,三,city,committee",
        "bidi,jl,a\u202eb,city,committee",
        "ctl,jl,a\x07b,city,committee",
        "none,jl,,city,committee",
        "few,jl,少,city",
    )

    reasons = installation.refused(path)

    assert reasons == [
        "rows.csv:3: “Big” is no code: 2 to 32 of a–z, 0–9 and -, not at the ends.",
        "rows.csv:5: The code “cc” is used already in rows.csv:4.",
        "rows.csv:6: There is no organisation “nowhere” to stand below.",
        "rows.csv:7: The level must be deeper than that of the parent organisation.",
        "rows.csv:8: There is no level “planet”.",
        "rows.csv:9: There is no type “club”.",
        "rows.csv:10: This type needs a parent organisation.",
        "rows.csv:12: The level must be deeper than that of the parent organisation.",
        "rows.csv:12: This type may not stand below that of the parent organisation.",
        "rows.csv:13: These stand below each other: ring1 → ring3 → ring2 → ring1.",
        "rows.csv:16: Marks that turn the direction of writing are not allowed.",
        "rows.csv:17: Control characters are not allowed.",
        "rows.csv:18: The name is missing.",
        "rows.csv:19: This row has 4 cells instead of 5.",
    ]
    for table in ("org", "org_level", "org_type", "audit_entry"):
        assert installation.value(f"SELECT count(*) FROM {table}") == 0


def test_optional_fields_are_checked_too(installation: Installation) -> None:
    path = installation.write()
    lines = (
        "code,parent,name,level,type,founded_on,phone,division_code,short_name",
        "jl,,吉林省,province,committee,2026-02-13,12,x,",
        "ka,jl,甲,city,committee,31.12.2020,0431-88888888,22," + "长" * 31,
        "kb,jl,乙,city,committee,2021-02-29,,,",
        "kc,jl,丙,city,committee,2026-02-12,,,",
    )
    (installation.folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")

    assert installation.refused(path) == [
        "rows.csv:2: “x” is no division code: 2 to 12 digits.",
        "rows.csv:2: The date 2026-02-13 lies in the future.",
        "rows.csv:2: “12” is not a phone number.",
        "rows.csv:3: The short_name must have 0 to 30 characters.",
        "rows.csv:3: “31.12.2020” is not a date; write it as 2024-05-31.",
        "rows.csv:4: “2021-02-29” is not a date; write it as 2024-05-31.",
    ]


def test_mistakes_in_the_yaml_are_told_with_their_lines(installation: Installation) -> None:
    yaml = """\
banyan: 2
titel: 试验
levels:
  - { key: province, rank: 10, mark: 省省, label: { zh_Hans: 省级 } }
  - { key: city, rank: 10, mark: 市, label: { zh_Hans: 市级 } }
  - { key: county, rank: 10, mark: 县, label: { zh_Hans: 县级 } }
types:
  - { key: committee, root: true, parents: [nothing], label: { zh_Hans: 委员会 } }
  - &anchor { key: branch, label: { en: Branch } }
organisations:
  - { code: jl, code: jl2, name: 吉林省, level: province, type: committee, founded_on: 1949-10-01 }
accounts:
  - { sign_in_name: "a b", display_name: 甲, organisation: jl, grants: [{ role: king, reach: self }] }
  - { sign_in_name: bb2, display_name: 乙, organisation: gone }
tables:
  - { file: ../rows.csv }
  - { file: missing.csv }
"""
    reasons = installation.refused(installation.write(yaml=yaml, tables=""))

    assert reasons == [
        "tenant.yaml:1: “title” is missing.",
        "tenant.yaml:1: “banyan” must be one of: 1.",
        "tenant.yaml:2: “titel” is not known here.",
        "tenant.yaml:4: “省省” cannot be the mark (maxLength 1).",
        "tenant.yaml:6: Two levels have the rank 10.",
        "tenant.yaml:8: There is no type “nothing”.",
        "tenant.yaml:9: “zh_Hans” is missing.",
        "tenant.yaml:11: “code” is here twice.",
        f"tenant.yaml:13: {rules.sign_in_name_problems('a b')[0]}",
        "tenant.yaml:13: There is no built-in role “king”.",
        "tenant.yaml:14: There is no organisation “gone”.",
        "tenant.yaml:16: The table must lie in the folder of the manifest or below.",
        "tenant.yaml:17: There is no file missing.csv beside the manifest.",
    ]


def test_organisations_in_the_yaml_have_lines_and_need_no_quotes(installation: Installation) -> None:
    rows = """\
organisations:
  - { code: 2201, name: 长春市, parent: 22, level: city, type: committee, division_code: 2201, founded_on: 1950-01-01 }
  - { code: 22, name: 吉林省, level: province, type: committee, phone: 043188888888 }
"""
    installation.apply(installation.write(yaml=HEAD, tables=rows))

    shown = "SELECT code, division_code, phone, CAST(founded_on AS text) FROM org ORDER BY path"
    assert [tuple(row) for row in installation.rows(shown)] == [
        ("22", "", "043188888888", None),
        ("2201", "2201", "", "1950-01-01"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "tenant.yaml:1: The file is empty."),
        ("banyan: 1\n  title: [", "tenant.yaml:2: This is not YAML: mapping values are not allowed here."),
        ("a: &x [1]\nb: *x\n", "tenant.yaml:1: Anchors and aliases are not used here; write it out."),
        ("- 1\n", "tenant.yaml:1: “/” must be of type object."),
        ("title: !!python/object:os.system x\n", "Tags such as tag:yaml.org,2002:python/object:os.system"),
    ],
)
def test_what_is_no_manifest_is_told_so(installation: Installation, text: str, reason: str) -> None:
    path = installation.write()
    path.write_text(text, encoding="utf-8")

    assert any(reason in told for told in installation.refused(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 anything", "rows.csv:1: This is an Excel or ZIP file. Save it as CSV."),
        (b"code\x00,parent", "rows.csv:1: This is not a CSV file."),
        (b"", "rows.csv:1: The table has no header."),
        (b"code,parent,nmae,level,type", "rows.csv:1: There is no column “nmae”."),
        (b"code,parent,level,type", "rows.csv:1: The column “name” is missing."),
        (b"code,code,parent,name,level,type", "rows.csv:1: The column “code” is here twice."),
        (b"code,parent,name,level,type\njl,,ok,province,committee\nx1,jl,\xff\xff,city,committee", "rows.csv:3: This"),
        (b'code,parent,name,level,type\njl,,"a"b,province,committee\n', "rows.csv:2: This is not CSV:"),
        (b'code,parent,name,level,type\njl,,"never closed,province,committee\n', "rows.csv:2: This is not CSV:"),
    ],
)
def test_what_is_no_table_is_told_so(installation: Installation, content: bytes, reason: str) -> None:
    path = installation.write()
    (installation.folder / "rows.csv").write_bytes(content)

    assert any(told.startswith(reason) for told in installation.refused(path))


def test_files_that_are_too_large_are_refused_unread(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = installation.write(TOP)
    monkeypatch.setattr(csvfile, "MAX_BYTES", 10)
    assert installation.refused(path) == ["rows.csv:1: The file is larger than 0 MB."]

    monkeypatch.setattr(yamlfile, "MAX_BYTES", 10)
    assert "The file is larger than 0 MB." in installation.refused(path)[0]


def test_mistakes_beyond_the_bound_are_counted(installation: Installation, tmp_path: Path) -> None:
    lines = [f"X{n},jl,名{n},city,committee" for n in range(1000)]

    reasons = installation.refused(installation.write(TOP, *lines))

    assert len(reasons) == 200


def test_children_that_a_manifest_does_not_name_still_fit_after_it(installation: Installation) -> None:
    lines = (TOP, "cc,jl,长春市,city,committee", "cy,cc,朝阳区,county,branch")
    installation.apply(installation.write(*lines))

    reasons = installation.refused(installation.write(TOP, "cc,jl,长春市,county,committee"))

    assert reasons == ["rows.csv:3: “cy”, which stands below, would no longer fit there by its level or type."]


@given(st.text())
def test_guarded_cells_read_back_and_are_no_formulas(value: str) -> None:
    assert unguarded(guarded(value)) == value
    assert guarded(value)[:1] not in FORMULA


def test_ordinals_are_written_in_the_database_as_in_the_code(installation: Installation) -> None:
    from banyan.kernel import treepath

    numbers = [0, 1, 35, 36, 1295, 1296, 46655, 46656, 1_679_615, 1_679_616, 60_466_175]
    listed = ", ".join(f"({number})" for number in numbers)
    rows = installation.rows(f"SELECT n, {base36('n')} FROM (VALUES {listed}) AS v (n)")
    assert dict(map(tuple, rows)) == {number: treepath.base36(number) for number in numbers}
