"""`banyan web`: the console and the API under gunicorn."""

from __future__ import annotations

import logging
import os
import shutil
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from banyan.cli.supervisor import follow_parent
from banyan.kernel import keyring, logs
from banyan.kernel.db.roles import check_app_role
from banyan.kernel.settings import Settings

GRACEFUL_SECONDS = 20
# A thread that serves one request for longer is taken for dead; long work is a job.
TIMEOUT_SECONDS = 60
KEEP_ALIVE_SECONDS = 5
PROBES = ("operations.healthz", "operations.readyz", "operations.metrics")
MULTIPROC = "PROMETHEUS_MULTIPROC_DIR"


class GunicornLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own messages and the access log go where all others go."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = self.LOG_LEVELS["info"]
        self._access_log_enabled = True
        self.error_log.propagate = True
        self.access_log.propagate = True

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        known = dict(environ.get(logs.ENVIRON_KEY) or {})
        status = int(str(resp.status).split(" ", 1)[0])
        # Probes come every few seconds; only their failures are news.
        level = logging.DEBUG if status < 400 and known.get("endpoint") in PROBES else logging.INFO
        # No query: it may hold what somebody searched for, or a secret.
        structlog.get_logger("banyan.access").log(
            level,
            "request",
            method=environ.get("REQUEST_METHOD", ""),
            path=known.pop("path", environ.get("PATH_INFO", "")),
            status=status,
            ms=round(request_time.total_seconds() * 1000, 1),
            sent=getattr(resp, "sent", None),
            address=environ.get("REMOTE_ADDR", ""),
            **known,
        )

    def reopen_files(self) -> None:
        """There are none: the log is a stream."""


class WebServer(BaseApplication):  # type: ignore[misc]  # as above
    """Gunicorn with our settings; every process makes its own application after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        values = {
            "bind": f"{host}:{settings.port}",
            "workers": settings.web_processes,
            "threads": settings.web_threads,
            "worker_class": "gthread",
            "graceful_timeout": GRACEFUL_SECONDS,
            "timeout": TIMEOUT_SECONDS,
            "keepalive": KEEP_ALIVE_SECONDS,
            "logger_class": GunicornLogger,
            "proc_name": "banyan-web",
            "control_socket_disable": True,
            "child_exit": _forget_metrics,
            # Behind how many proxies we stand is a setting, and the application reads their headers itself.
            "forwarded_allow_ips": "",
        }
        for name, value in values.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from banyan.wsgi import app

        return app


def _forget_metrics(_arbiter: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def share_metrics(settings: Settings) -> None:
    """Let the processes of one web server add up their metrics, in a folder that is emptied at start."""
    folder = settings.home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    # Read by prometheus_client when it is imported, which must not have happened yet.
    os.environ[MULTIPROC] = str(folder)


@click.command()
def web() -> None:
    """Serve the console and the API until told to stop."""
    settings = Settings.from_env()
    logs.configure(settings.log_format, settings.log_level)
    check_app_role(settings.serving_url)
    keyring.check(settings.serving_url, settings.secret_key)
    if settings.supervised:
        follow_parent()
    share_metrics(settings)
    WebServer(settings).run()
