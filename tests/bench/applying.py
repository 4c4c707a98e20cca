"""`tenants apply` of the whole nation against COPY of the same rows into a table with the same indexes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg

from tests.bench.report import Report, Row, say
from tests.bench.world import World, manifest

APART = ("write search tokens", "write statistics")
MEBIBYTE = 1 << 20
NAME = "bench_apply"


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying took.

    :ivar cpu: seconds of the process and of its connections. :ivar peak: megabytes of the process.
    :ivar steps: name, seconds, rows.
    """

    wall: float
    cpu: float
    peak: float
    steps: list[tuple[str, float, int]]

    @property
    def part(self) -> float:
        """The part of the time that is neither search tokens nor statistics."""
        apart = sum(seconds for name, seconds, _rows in self.steps if name in APART)
        return 1 - apart / self.wall


def run(report: Report, made: World) -> None:
    """Apply once, as the command line does it; then COPY what came of it, twice."""
    folder = made.home / "manifest"
    folder.mkdir()
    applied = _apply(made, manifest(folder))
    for name, seconds, rows in applied.steps:
        report.add(Row(f"apply: {name}", f"{seconds:,.1f} s", detail=f"{rows:,} rows" if rows else ""))
    wall, cpu = _copy(made)
    mine, spent = applied.wall * applied.part, applied.cpu * applied.part
    told = f"{mine:,.1f} s (whole command {applied.wall:,.1f} s) against {wall:,.1f} s"
    report.at_most("apply / COPY, tokens and statistics apart", mine / wall, 3, told)
    report.add(Row("apply / COPY: CPU", f"{spent / cpu:.2f}×", detail=f"{spent:,.1f} s against {cpu:,.1f} s"))
    report.at_most("apply: peak memory", applied.peak, 500, "of the process that applies", " MB")


def _apply(made: World, file: Path) -> Applied:
    env = {**os.environ, "BANYAN_HOME": str(made.home / "cli"), "DATABASE_APP_URL": made.urls.app}
    env["DATABASE_URL"] = f"{made.urls.owner}&application_name={NAME}"
    say(f"applying {file} …")
    started = time.monotonic()
    output = made.home / "apply.json"
    with output.open("wb") as sink, psycopg.connect(made.urls.owner, autocommit=True) as watching:
        command = [sys.executable, "-m", "banyan", "tenants", "apply", str(file), "--json"]
        process = subprocess.Popen(command, env=env, stdout=sink)
        backends: dict[int, float] = {}
        while True:
            backends.update(_backends(watching))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.2)
    wall = time.monotonic() - started
    if status:
        raise RuntimeError(f"`banyan tenants apply` failed: {output.read_text(errors='replace')[-3000:]}")
    # Linux counts kibibytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEBIBYTE
    cpu = usage.ru_utime + usage.ru_stime + sum(backends.values())
    found = orjson.loads(output.read_bytes())
    return Applied(wall, cpu, peak, [(step["step"], step["seconds"], step["rows"]) for step in found["steps"]])


def _backends(watching: psycopg.Connection[Any]) -> dict[int, float]:
    """CPU seconds of the command's connections so far, by process; what ends between two looks keeps its last."""
    found: dict[int, float] = {}
    for (pid,) in watching.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [NAME]):
        with suppress(psutil.NoSuchProcess):
            found[pid] = _cpu(pid)
    return found


def _cpu(pid: int | None = None) -> float:
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def _copy(made: World) -> tuple[float, float]:
    """Wall and CPU seconds to COPY the same rows, in the same order, from a file into a table with the same indexes."""
    file = made.home / "org.copy"
    every = "COPY (SELECT * FROM org ORDER BY path) TO STDOUT"
    took = []
    with psycopg.connect(made.urls.owner) as owner:
        with file.open("wb") as sink, owner.cursor().copy(every) as rows:
            for block in rows:
                sink.write(block)
        for _ in range(2):
            # Without foreign keys: theirs are apply's own cost.
            owner.execute("CREATE TABLE org_copy (LIKE org INCLUDING ALL)")
            owner.commit()
            wall, cpu = time.monotonic(), _cpu() + _cpu(owner.info.backend_pid)
            with file.open("rb") as source, owner.cursor().copy("COPY org_copy FROM STDIN") as rows:
                while block := source.read(MEBIBYTE):
                    rows.write(block)
            owner.commit()
            took.append((time.monotonic() - wall, _cpu() + _cpu(owner.info.backend_pid) - cpu))
            owner.execute("DROP TABLE org_copy")
            owner.commit()
    file.unlink()
    return min(took)
