"""The one progress panel of a long task, wherever it was started: `_task.html`, on a page of its own `task.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flask import render_template, request

from banyan.kernel.errors import Text

State = Literal["queued", "running", "done", "failed", "cancelled"]
MOST_ERRORS = 200


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of the input could not be taken."""

    row: int
    column: Text
    value: str
    reason: Text


@dataclass(frozen=True, slots=True)
class TaskPanel:
    """A long task as people see it.

    :ivar url: this panel's own address, asked again every second until the task has ended.
    :ivar total: None while it is not known how much there is to do.
    :ivar message: one sentence about what it is doing, or why it failed.
    :ivar error_count: how many rows failed in all; ``errors`` may hold the first of them only.
    """

    id: str
    title: Text
    state: State
    url: str
    done: int = 0
    total: int | None = None
    message: Text = ""
    cancel_url: str | None = None
    result_url: str | None = None
    result_label: Text = ""
    errors: Sequence[RowError] = ()
    error_count: int = 0
    back_url: str | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    @property
    def listed(self) -> Sequence[RowError]:
        """The errors the panel lists."""
        return self.errors[:MOST_ERRORS]

    @property
    def unlisted(self) -> int:
        """How many more there are."""
        return max(self.error_count, len(self.errors)) - len(self.listed)


def asked_by_htmx() -> bool:
    """Whether htmx asks for a fragment; a page that is restored from history wants the whole."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def render_task(task: TaskPanel) -> str:
    """The panel alone for htmx, else the page around it."""
    return render_template("_task.html" if asked_by_htmx() else "task.html", task=task)
