"""What the modules that are on at an organisation find for the search box over the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.plugins.manager import Plugins

MOST = 5
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What one module found.

    :ivar label: of the module. :ivar hits: label and address of each. :ivar more: there are others.
    """

    label: Text
    icon: str
    hits: tuple[tuple[str, str], ...]
    more: bool


def found(plugins: Plugins, among: frozenset[str], ctx: Context, text: str) -> list[Found]:
    """The answers of the modules ``among`` to ``text``, at most `MOST` hits each. Who found nothing is left out.

    A module that raises, also while its hits are read, costs its own hits only.
    """
    answers = plugins.ask("banyan_search", among, ctx=ctx, reading=_hits, text=text[:LONGEST], most=MOST + 1)
    manifests = plugins.manifests
    return [
        Found(manifests[name].label, manifests[name].icon, hits[:MOST], len(hits) > MOST)
        for name, hits in answers
        if hits
    ]


def _hits(answer: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(label), str(address)) for label, address in islice(answer, MOST + 1))
