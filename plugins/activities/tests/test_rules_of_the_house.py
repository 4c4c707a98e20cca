"""The plugin keeps the rules of the house."""

from __future__ import annotations

from typing import Any


def test_it_keeps_every_rule(banyan_check: Any) -> None:
    banyan_check("activities")
