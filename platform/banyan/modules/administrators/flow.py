"""The approval flow of applications: decided at the organisation directly above, within five working days."""

from __future__ import annotations

from banyan.kernel.flows import Step
from banyan.kernel.i18n import lazy
from banyan.modules.administrators.permissions import DECIDE

NAME = "administrators.application"
APPLICANT = "applicant"
WORKING_DAYS = 5


STEP = Step(
    "upper",
    lazy("Decision of the organisation above"),
    APPLICANT,
    DECIDE.name,
    of_parent=True,
    working_days=WORKING_DAYS,
)
