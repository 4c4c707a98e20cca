"""What people write in spreadsheets for the values of a record, beside their codes and what the platform calls them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib import resources


def _read() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    source = resources.files("banyan.modules.people") / "data" / "written.csv"
    for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()):
        found.setdefault(row["column"], {})[row["written"]] = row["value"]
    return found


# Column → what is written → what is kept.
WORDS: Mapping[str, Mapping[str, str]] = _read()
