"""Paths of the tenant tree: chains of per-parent ordinals in base 36, each ended by a dot (``"1.a.3f."``).

A subtree is the half-open range ``[path, upper(path))`` under collation "C": ``/`` is the character after ``.``.
"""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """``number`` (>= 0) in base 36."""
    if number < 0:
        raise ValueError("an ordinal is not negative")
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
        if not number:
            return text


def child(path: str, ordinal: int) -> str:
    """The path of the ``ordinal``-th child below ``path`` (``""`` for a root)."""
    return f"{path}{base36(ordinal)}."


def upper(path: str) -> str:
    """The first path after the subtree of ``path``."""
    return path[:-1] + "/"


def lineage(path: str) -> list[str]:
    """All paths from the root down to and including ``path``."""
    parts = path.split(".")[:-1]
    return [".".join(parts[: n + 1]) + "." for n in range(len(parts))]


def ancestors(path: str) -> list[str]:
    """All paths from the root down to the parent of ``path``."""
    return lineage(path)[:-1]


def depth(path: str) -> int:
    """How many levels ``path`` has; a root has 1."""
    return path.count(".")
