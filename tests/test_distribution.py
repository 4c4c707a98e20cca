"""The distribution: what it is made of, and what it must not disturb."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_a_floor_and_an_exact_version_for_everybody() -> None:
    wanted = chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    names = {normal(re.split(r"[\[<>=;]", line)[0]) for line in wanted}
    pinned = {normal(line.split("==")[0]) for line in (ROOT / "constraints.txt").read_text().split() if "==" in line}

    assert names <= pinned


def test_pythons_own_module_platform_is_not_hidden_by_the_folder() -> None:
    command = [sys.executable, "-c", "import platform; print(platform.python_version())"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == platform.python_version()
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert [entry.name for entry in (ROOT / "platform").iterdir() if entry.is_dir()] == ["banyan"]


def test_a_wheel_brings_policies_tenants_templates_and_the_licences_of_others(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    listing = subprocess.run([sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True)

    for needed in (
        "banyan/_data/policies/model.conf",
        "banyan/_data/tenants/manifest.schema.json",
        "banyan/web/templates/",
        "banyan/web/static/vendor/LICENSE",
        "banyan/migrations/core_0001",
        "banyan/locale/zh_Hant/LC_MESSAGES/messages.po",
    ):
        assert needed in listing.stdout


def test_every_setting_is_told_in_both_readmes() -> None:
    source = (ROOT / "platform/banyan/kernel/settings.py").read_text(encoding="utf-8")
    # set by `banyan serve` for the processes it starts, by nobody else
    settings = set(re.findall(r'read\.\w+\("([A-Z_]+)"', source)) - {"BANYAN_SUPERVISED"}

    assert len(settings) > 15
    for readme in ("README.md", "README.zh-CN.md"):
        told = (ROOT / readme).read_text(encoding="utf-8")
        assert [name for name in sorted(settings) if f"`{name}`" not in told] == []
