"""What is forgotten by rule."""

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.plugins import failures

PURGE = Job(
    "operators.purge",
    lazy("Forget old failures of plugins"),
    periodic=failures.purge,
    cron="29 3 * * *",
    reason="old failures of all plugins",
)
