"""What a run found: printed as a table, kept as JSON beside the plans."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson

RESULTS = Path(__file__).parent / "results"
Verdict = Literal["pass", "MISS", ""]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    :ivar target: what is asked for, in words; empty where the figure is only told. :ivar passed: None likewise.
    :ivar detail: the figures behind it.
    """

    bench: str
    figure: str
    target: str = ""
    passed: bool | None = None
    detail: str = ""

    @property
    def verdict(self) -> Verdict:
        return "" if self.passed is None else "pass" if self.passed else "MISS"


@dataclass(slots=True)
class Report:
    """Everything a run found. Rows are printed as they come, and once more as a table at the end."""

    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take a row into the table."""
        self.rows.append(row)
        say(f"{row.bench}: {row.figure}  {row.verdict}")

    def at_most(self, bench: str, ratio: float, limit: float, detail: str, unit: str = "×") -> None:
        """A figure that must not be above ``limit``."""
        target = f"≤ {limit:g}{unit}"
        self.add(Row(bench, f"{ratio:,.2f}{unit}", target, ratio <= limit, detail))

    def skip(self, reason: str) -> None:
        """Say what was not measured, and why."""
        self.skipped.append(reason)
        say(f"skipped: {reason}")

    @property
    def passed(self) -> bool:
        return all(row.passed is not False for row in self.rows)

    def table(self) -> str:
        """The table as text."""
        head = ("bench", "figure", "target", "", "detail")
        lines = [head, *((row.bench, row.figure, row.target, row.verdict, row.detail) for row in self.rows)]
        widths = [max(len(line[n]) for line in lines) for n in range(4)]
        shown = [
            "  ".join((*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]))
            for line in lines
        ]
        return "\n".join([shown[0], "-" * 100, *shown[1:], *(f"skipped: {reason}" for reason in self.skipped)])

    def keep(self) -> Path:
        """Write the run to ``results/``; returns the file."""
        RESULTS.mkdir(exist_ok=True)
        now = datetime.now(UTC)
        kept = {
            "at": now.isoformat(timespec="seconds"),
            "python": sys.version.split()[0],
            "machine": platform.platform(),
            "rows": [{**asdict(row), "verdict": row.verdict} for row in self.rows],
            "skipped": self.skipped,
        }
        target = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
        target.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        return target


def say(text: str) -> None:
    """Print at once: a run takes minutes."""
    print(text, flush=True)
