"""What is done later: copies, erasures, exports in clear."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.privacy.services import clear_exports, copies, erasure

JOBS = (
    Job(clear_exports.KIND, lazy("Export with sensitive data in clear"), handler=clear_exports.run),
    Job(copies.KIND, lazy("Copy of personal data"), handler=copies.run),
    Job(erasure.KIND, lazy("Erasure of personal data"), handler=erasure.run),
)
