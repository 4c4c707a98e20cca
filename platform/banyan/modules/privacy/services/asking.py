"""Every module asked about one person, in a transaction that sees the whole tree (PPL-07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import Text
from banyan.kernel.runtime import runtime
from banyan.plugins import known, manager
from banyan.plugins.manager import Plugins

EXPORT, ERASE, AGAINST, KEPT = (
    "banyan_export_person", "banyan_erase_person", "banyan_person_erasable", "banyan_person_kept",
)  # fmt: skip
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one module holds about a person. :ivar failed: it could not say; the answer is empty then."""

    module: str
    label: Text
    held: Mapping[str, Any]
    failed: bool = False


@contextmanager
def whole(ctx: Context, reason: str) -> Iterator[Context]:
    """A context of its own transaction over the whole tree, which the block commits.

    A person's data lies wherever the person was a member.
    """
    with runtime().db.session(Whole(reason)) as session:
        yield replace(ctx, session=session)


def held(ctx: Context, person_id: UUID, module: str) -> Answer:
    """What ``module`` holds about a person; a failure is told in the answer, never left out.

    :param ctx: of `whole`.
    """
    plugins = manager.current()
    label = plugins.manifests[module].label
    try:
        with ctx.session.begin_nested():
            found = plugins.tell(EXPORT, module, ctx=ctx, person_id=str(person_id))
        return Answer(module, label, dict(found or {}))
    except Exception as error:
        # whatever goes wrong in a plugin: the member is told which one, and it is asked again
        log.exception("a module cannot say what it holds about a person", module=module)
        plugins.report(module, EXPORT, error)
        return Answer(module, label, {}, failed=True)


def modules(plugins: Plugins, hook: str) -> list[str]:
    """Who can be asked: core and plugins, on or off, lower ones first; to erase, upper ones first.

    What an upper module keeps about an account is found by its person, which the account loses in the end.
    """
    asked = plugins.implementing(hook)
    found = [name for name in plugins.manifests if name in asked]
    return found[::-1] if hook == ERASE else found


def silent(ctx: Context) -> list[str]:
    """Plugins whose tables are here and whose code is not, or could not be loaded: they cannot be asked."""
    plugins = manager.current()
    return sorted({*plugins.failures, *(one.module for one in known.left_behind(ctx.session, plugins))})


def texts(ctx: Context, person_id: UUID, hook: str) -> list[Text]:
    """What all modules answer to a hook that returns sentences: their failures are the caller's.

    :param ctx: of `whole`.
    """
    plugins = manager.current()
    found: list[Text] = []
    for module in modules(plugins, hook):
        found.extend(plugins.tell(hook, module, ctx=ctx, person_id=str(person_id)) or ())
    return found
