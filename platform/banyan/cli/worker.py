"""`banyan worker`: runs jobs. Any number of workers may run beside any number of web processes."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
import procrastinate
import psycopg
import structlog
from flask_babel import force_locale
from procrastinate.exceptions import ConnectorException

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.cli.supervisor import follow_parent
from banyan.kernel import keyring, logs, runtime
from banyan.kernel import worker as jobs
from banyan.kernel.db.roles import check_app_role
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.jobs import QUEUE
from banyan.kernel.settings import Settings
from banyan.modules.accounts.services.behalf import actor_of
from banyan.modules.operators.services import standing
from banyan.plugins import enablement, manager
from banyan.plugins.services import admit

# Chunks are short; one that takes longer than this at a stop is left to the rescuer.
GRACEFUL_SECONDS = 15
TIDY_SECONDS = 60
log = structlog.get_logger(__name__)


@click.command()
def worker() -> None:
    """Run jobs until told to stop."""
    settings = Settings.from_env()
    logs.configure(settings.log_format, settings.log_level)
    check_app_role(settings.serving_url)
    keyring.check(settings.serving_url, settings.secret_key)
    if settings.supervised:
        follow_parent()
    app = create_app(settings, app_url=settings.serving_url)
    at_home()
    asyncio.run(work(app, settings, settings.serving_url))


def at_home() -> None:
    """Leave what the start made out of garbage collection: it stays until the end, and looking through all of it
    again and again takes a fifth of the time of a task that handles ten thousand rows."""
    gc.collect()
    gc.freeze()


async def work(app: Banyan, settings: Settings, url: str) -> None:
    """Run jobs until SIGTERM or SIGINT; long tasks then go back into the queue at their next chunk.

    :param url: connection of ``banyan_app``, direct: LISTEN and NOTIFY need one.
    """
    stopping = threading.Event()
    queue = jobs.build(runner(app, stopping), url)
    loop = asyncio.get_running_loop()
    async with queue.open_async():
        running = asyncio.create_task(
            queue.run_worker_async(
                queues=[QUEUE],
                concurrency=settings.worker_concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACEFUL_SECONDS,
                delete_jobs="successful",
            )
        )

        def stop() -> None:
            stopping.set()
            running.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        tidying = asyncio.create_task(_tidy_for_ever(queue))
        log.info("worker ready", concurrency=settings.worker_concurrency)
        try:
            with suppress(asyncio.CancelledError):
                await running
        finally:
            tidying.cancel()
    log.info("worker stopped")


async def _tidy_for_ever(queue: procrastinate.App) -> None:
    """At start and every minute; a database that is away for a moment is no reason to stop tidying."""
    while True:
        try:
            await jobs.tidy(queue)
        except (ConnectorException, psycopg.Error):
            log.exception("the queue could not be tidied")
        await asyncio.sleep(TIDY_SECONDS)


def runner(app: Banyan, stopping: threading.Event) -> jobs.Runner:
    """What runs the jobs of ``app``: each within an application context, for whoever started it."""

    @contextmanager
    def scene(language: str) -> Iterator[None]:
        with app.app_context(), force_locale(language):
            yield

    with app.app_context():
        held, plugins = runtime.runtime(), manager.current()

    def failed(job: str, error: BaseException) -> None:
        module = job.partition(".")[0]
        if module in plugins.manifests and module not in plugins.core:
            plugins.report(module, f"job {job}", error)

    def stopped(session: ScopedSession, job: str) -> bool:
        return job.partition(".")[0] in enablement.stopped(session, plugins)

    def paused() -> bool:
        with app.app_context():
            return standing.maintenance() is not None

    return jobs.Runner(
        held.db, held.clock, held.store, held.jobs, actor_of, stopping, scene, failed, stopped, admit, paused
    )
