"""`tenants apply` of the whole nation against COPY of the same rows into a table with the same indexes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
import psycopg

from tests.bench.report import Report, Row, say
from tests.bench.world import World, manifest

APART = ("write search tokens", "write statistics")
MEBIBYTE = 1 << 20


def run(report: Report, made: World) -> None:
    """Apply once, as the command line does it; then COPY what came of it, twice."""
    folder = made.home / "manifest"
    folder.mkdir()
    took, peak, steps = _apply(made, manifest(folder))
    for name, seconds, rows in steps:
        report.add(Row(f"apply: {name}", f"{seconds:,.1f} s", detail=f"{rows:,} rows"))
    apart = sum(seconds for name, seconds, _rows in steps if name in APART)
    copied = _copy(made)
    told = f"{took - apart:,.1f} s (whole command {took:,.1f} s) against {copied:,.1f} s"
    report.at_most("apply / COPY, tokens and statistics apart", (took - apart) / copied, 3, told)
    report.at_most("apply: peak memory", peak, 500, "of the process that applies", " MB")


def _apply(made: World, file: Path) -> tuple[float, float, list[tuple[str, float, int]]]:
    """Seconds of the whole command, its peak memory in megabytes, and its steps."""
    env = {**os.environ, "BANYAN_HOME": str(made.home / "cli"), "DATABASE_URL": made.urls.owner}
    env["DATABASE_APP_URL"] = made.urls.app
    say(f"applying {file} …")
    started = time.monotonic()
    output = made.home / "apply.json"
    with output.open("wb") as sink:
        command = [sys.executable, "-m", "banyan", "tenants", "apply", str(file), "--json"]
        process = subprocess.Popen(command, env=env, stdout=sink)
        _pid, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - started
    if status:
        raise RuntimeError(f"`banyan tenants apply` failed: {output.read_text(errors='replace')[-3000:]}")
    # Linux counts kibibytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEBIBYTE
    found = orjson.loads(output.read_bytes())
    return took, peak, [(step["step"], step["seconds"], step["rows"]) for step in found["steps"]]


def _copy(made: World) -> float:
    """Seconds to COPY the same rows, in the same order, from a file into an empty table with the same indexes."""
    file = made.home / "org.copy"
    every = "COPY (SELECT * FROM org ORDER BY path) TO STDOUT"
    with psycopg.connect(made.urls.owner) as owner, file.open("wb") as sink, owner.cursor().copy(every) as rows:
        for block in rows:
            sink.write(block)
    best = float("inf")
    with psycopg.connect(made.empty) as owner:
        for _ in range(2):
            owner.execute("CREATE TABLE org_copy (LIKE org INCLUDING ALL)")
            started = time.monotonic()
            with file.open("rb") as source, owner.cursor().copy("COPY org_copy FROM STDIN") as sink:
                while block := source.read(MEBIBYTE):
                    sink.write(block)
            owner.commit()
            best = min(best, time.monotonic() - started)
            owner.execute("DROP TABLE org_copy")
            owner.commit()
    file.unlink()
    return best
