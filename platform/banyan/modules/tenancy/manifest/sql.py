"""Expressions that several statements of this package need."""

from __future__ import annotations

from banyan.kernel.treepath import DIGITS

MOST_DIGITS = 5


def base36(number: str) -> str:
    """SQL for `banyan.kernel.treepath.base36` of the expression ``number``, below 36⁵."""
    digits = [f"substr('{DIGITS}', CAST({number} / {36**n} % 36 AS integer) + 1, 1)" for n in range(MOST_DIGITS)]
    cases = " ".join(
        f"WHEN {number} < {36 ** (n + 1)} THEN {' || '.join(reversed(digits[: n + 1]))}" for n in range(MOST_DIGITS)
    )
    return f"(CASE {cases} END)"


def uuid7(number: str) -> str:
    """SQL for a UUIDv7 whose order follows the expression ``number`` (from 0) within one transaction."""
    millisecond = f"(CAST(extract(epoch FROM now()) * 1000 AS bigint) + {number} / 4096)"
    return (
        f"CAST(lpad(to_hex({millisecond}), 12, '0') || '7' || lpad(to_hex({number} % 4096), 3, '0')"
        " || substr(CAST(gen_random_uuid() AS text), 20) AS uuid)"
    )
