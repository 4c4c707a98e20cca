"""``python -m tests.bench.under_gunicorn ours|baseline``: one or the other, under the gunicorn of `banyan web`."""

from __future__ import annotations

import sys
from typing import Any

from banyan.cli.web import WebServer, share_metrics
from banyan.kernel import logs
from banyan.kernel.settings import Settings
from tests.bench import baseline


class Baseline(WebServer):
    """The same server around the bare views."""

    def load(self) -> Any:
        return baseline.make(str(self._settings.database_url), self._settings.pool_size)


if __name__ == "__main__":
    settings = Settings.from_env()
    logs.configure(settings.log_format, settings.log_level)
    share_metrics(settings)
    {"ours": WebServer, "baseline": Baseline}[sys.argv[1]](settings).run()
