"""A hook that raises costs its module only: what it wrote is undone, the others go on, and somebody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import SessionTransaction

from banyan.kernel.context import Context

# Told which module failed, in which hook, job or view, and how.
Report = Callable[[str, str, BaseException], None]
log = structlog.get_logger(__name__)


def unreported(_module: str, _where: str, _error: BaseException) -> None:
    """Nobody keeps failures here: the log alone has them."""


@dataclass(slots=True)
class Answer:
    """What a hook answered; None where it failed or had nothing to say."""

    value: Any = None


class Isolated:
    """Modules asked one after the other in one transaction, each of which may fail.

    One savepoint serves all plugins that are asked together: it is set before the first of them and set anew after
    one that failed. The core's own hooks do without, since its statements are part of the same program.
    """

    def __init__(self, report: Report, ctx: Context | None) -> None:
        self._report = report
        self._session = ctx.session if ctx is not None else None
        self._savepoint: SessionTransaction | None = None

    def __enter__(self) -> Isolated:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._savepoint is None or not self._open():
            return
        if kind is None or kind is GeneratorExit:
            self._savepoint.commit()
        else:
            self._savepoint.rollback()

    @contextmanager
    def one(self, module: str, where: str, *, trusted: bool) -> Iterator[Answer]:
        """Ask one module inside; its failure ends here.

        :param where: the hook. :param trusted: a module of the core: only the database's own errors go further.
        """
        answer = Answer()
        if not trusted:
            self._guard()
        try:
            yield answer
        except Exception as error:
            if trusted and isinstance(error, DBAPIError):
                raise
            log.exception("hook failed", hook=where, plugin=module)
            answer.value = None
            if not trusted:
                self._undo()
            self._report(module, where, error)

    def _guard(self) -> None:
        if self._session is not None and not self._open():
            self._savepoint = self._session.begin_nested()

    def _undo(self) -> None:
        if self._savepoint is not None and self._open():
            self._savepoint.rollback()
        self._savepoint = None

    def _open(self) -> bool:
        """Whether the savepoint still stands, broken or not: a hook may have ended the transaction around it."""
        found = self._session.get_nested_transaction() if self._session is not None else None
        while found is not None and found is not self._savepoint:
            found = found.parent
        return found is not None
