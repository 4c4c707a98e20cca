"""`decide()` against a bare set look-up, and against asking Casbin each time."""

from __future__ import annotations

import random
import timeit
from collections.abc import Callable
from uuid import uuid4

import casbin
from casbin.model import Model

from banyan.kernel.guidance import Guidance
from banyan.kernel.settings import data_dir
from banyan.kernel.values import Grant, Rights, Snapshot
from banyan.modules.access.rules import decide
from tests.bench.report import Report, Row

ROLES, PERMISSIONS, GROUPINGS, LINKS = 20, 60, 10_000, 5_000
HELD = ("1.", "1.7.", "1.7.1.", "1.9.", "1.7.1.3.")
PLACE = "1.7.1.3.4."


def run(report: Report) -> None:
    """Five grants of which four cover the place; 20 roles of 60 permissions; what is asked is mixed."""
    chance = random.Random(1)
    names = [f"module{n // 60}.thing{n % 60}:read" for n in range(ROLES * PERMISSIONS)]
    held = {f"role{n}": frozenset(chance.sample(names, PERMISSIONS)) for n in range(ROLES)}
    policy = Snapshot(1, {role: Rights(allowed, frozenset(), {}) for role, allowed in held.items()})
    grants = [Grant(uuid4(), f"role{n}", uuid4(), path, True) for n, path in enumerate(HELD)]
    asked = [*chance.sample(sorted(held["role2"]), 10), *chance.sample(names, 10)]
    allowed = held["role2"]

    ours, bare, inline = _fastest(
        lambda: [decide(grants, policy, name, PLACE) for name in asked],
        lambda: [look_up(allowed, name) for name in asked],
        lambda: [name in allowed for name in asked],
        each=len(asked),
    )
    told = f"{ours * 1e6:.2f} µs against {bare * 1e9:.0f} ns"
    report.at_most("decide() / a bare set look-up", ours / bare, 30, told)
    report.add(Row("decide() / `in` without any call", f"{ours / inline:.1f}×", detail=f"{inline * 1e9:.0f} ns"))
    linked = Snapshot(1, policy.roles, Guidance(f"1.8.{n}." for n in range(LINKS)))
    (guided,) = _fastest(lambda: [decide(grants, linked, name, PLACE) for name in asked], each=len(asked), repeats=500)
    report.add(Row(f"decide() with {LINKS:,} links of guidance", f"{guided / ours:.1f}×", detail="of without any"))
    casbins = _casbin(held)
    faster = casbins / ours
    passed = faster >= 1000
    report.add(
        Row("decide() / Casbin's enforce()", f"{faster:,.0f}× faster", "≥ 1,000×", passed, f"{casbins * 1e3:.1f} ms")
    )


def look_up(allowed: frozenset[str], permission: str) -> bool:
    """What a decision would be if one role of one organisation were all there is."""
    return permission in allowed


def _fastest(*asked: Callable[[], object], each: int, repeats: int = 2_000, number: int = 10) -> list[float]:
    """Seconds of one question on each side, the fastest of many short turns."""
    best = [float("inf")] * len(asked)
    for _ in range(repeats):
        for n, ask in enumerate(asked):
            best[n] = min(best[n], timeit.timeit(ask, number=number) / number / each)
    return best


def _casbin(held: dict[str, frozenset[str]]) -> float:
    """Seconds of one `enforce()` with all assignments in the policy, as the library's tutorial has it."""
    model = Model()
    model.load_model(str(data_dir("policies") / "model.conf"))
    enforcer = casbin.Enforcer(model)
    for role, names in held.items():
        enforcer.add_policies([[role, name, "allow"] for name in sorted(names)])
    enforcer.add_grouping_policies([[f"account{n}", f"role{n % ROLES}"] for n in range(GROUPINGS)])
    name = sorted(held["role2"])[0]
    seconds: list[float] = timeit.repeat(lambda: enforcer.enforce("account2", name), number=1, repeat=7)
    return min(seconds)
