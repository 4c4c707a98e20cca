"""What transfers do by themselves."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.transfers.services import batches, crossing, moving

JOBS = (
    Job(moving.JOB, lazy("Carry out transfers"), periodic=moving.carry_out, cron="* * * * *", reason=moving.REASON),
    Job(crossing.JOB, lazy("Messages between trees"), periodic=crossing.run, cron="* * * * *", reason=crossing.REASON),
    Job(batches.JOB, lazy("Transfers together"), handler=batches.run),
)
