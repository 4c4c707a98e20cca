"""Permissions of surveys. Beside them the host of a survey names one of its own, which is asked as well."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

SURVEY_READ = Permission("surveys.survey:read", lazy("See surveys and their results"))
SURVEY_UPDATE = Permission("surveys.survey:update", lazy("Write, open and close surveys"))
SURVEY_EXPORT = Permission("surveys.survey:export", lazy("Export surveys and answers"))

PERMISSIONS = (SURVEY_READ, SURVEY_UPDATE, SURVEY_EXPORT)
BINDINGS = (
    *(Binding(role, "surveys.*") for role in ("org_admin", "secretary_general", "branch_secretary", "section_head")),
    *(Binding("org_auditor", one.name) for one in (SURVEY_READ, SURVEY_EXPORT)),
)
