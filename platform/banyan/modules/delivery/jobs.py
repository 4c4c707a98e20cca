"""What this module does later: send, and forget."""

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.delivery.services import operating, sending
from banyan.modules.delivery.services.posting import SEND

JOBS = (
    Job(SEND, lazy("Send messages"), periodic=sending.run, cron="* * * * *", reason=sending.REASON, always=True),
    Job(
        "delivery.purge",
        lazy("Forget old messages"),
        periodic=operating.purge,
        cron="17 4 * * *",
        reason="old messages of every organisation",
    ),
)
