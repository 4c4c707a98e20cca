"""Names of the sdk that will be gone: they still work, and whoever uses them is told, by name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A name on its way out.

    :ivar value: what it still gives. :ivar instead: what to use. :ivar gone_in: version of the contract without it.
    """

    value: object
    instead: str
    gone_in: int


def getter(module: str, names: Mapping[str, Deprecated]) -> Callable[[str], object]:
    """A module's ``__getattr__`` that gives what is deprecated and warns, naming the package that asks."""

    def find(name: str) -> object:
        found = names.get(name)
        if found is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        asking = _asking(module)
        warnings.warn(
            f"{asking} uses {module}.{name}, which will be gone in version {found.gone_in} of the contract:"
            f" use {found.instead}",
            DeprecationWarning,
            stacklevel=2,
        )
        return found.value

    return find


def _asking(module: str) -> str:
    """The package whose code asked: the first frame outside this module and the import machinery."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name not in (__name__, module) and not name.startswith(("importlib", "_frozen")):
            return name.partition(".")[0]
        frame = frame.f_back
    return "somebody"
