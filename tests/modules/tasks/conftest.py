"""A runner in this process: what a worker does, without waiting for one."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import Runner, run_long_task


@pytest.fixture
def runner(app: Banyan) -> Runner:
    """Runs jobs of the application."""
    return runner_of(app, threading.Event())


def run(runner: Runner, task: LongTask | str) -> None:
    """Run one long task to its end."""
    run_long_task(runner, task.id if isinstance(task, LongTask) else UUID(task))
