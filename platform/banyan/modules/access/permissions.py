"""Permissions of the access module and the built-in roles of every organisation."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission, Role

ROLE_READ = Permission("access.role:read", lazy("See roles and what they mean"))
ROLE_UPDATE = Permission("access.role:update", lazy("Define the organisation's own roles"))
GRANT_READ = Permission("access.grant:read", lazy("See who holds which role"))
GRANT_GRANT = Permission("access.grant:grant", lazy("Grant roles and take them back"))
GRANT_EXPORT = Permission("access.grant:export", lazy("Export lists of grants"))
EXPLAIN = Permission("access.decision:explain", lazy("Ask why somebody may or may not do something"))

PERMISSIONS = (ROLE_READ, ROLE_UPDATE, GRANT_READ, GRANT_GRANT, GRANT_EXPORT, EXPLAIN)

ROLES = (
    Role("org_admin", lazy("Organisation administrator"), lazy("Runs the organisation and opens those below it")),
    Role("org_auditor", lazy("Auditor"), lazy("Sees everything within reach, changes nothing")),
    Role("branch_secretary", lazy("Branch secretary"), lazy("Does the daily work of a branch")),
    Role("secretary_general", lazy("Secretary general"), lazy("Leads the office of an association")),
    Role("deputy_secretary_general", lazy("Deputy secretary general"), lazy("Stands in for the secretary general")),
    Role("section_head", lazy("Section head"), lazy("Leads a section of the office")),
    Role("treasurer", lazy("Treasurer"), lazy("Keeps the money")),
    Role("member", lazy("Member"), lazy("Takes part")),
)

ACTIONS = {
    "access.grant.grant": lazy("Role granted"),
    "access.grant.end": lazy("Role taken back"),
    "access.role.create": lazy("Own role defined"),
    "access.role.update": lazy("Own role edited"),
    "access.role.withdraw": lazy("Own role withdrawn"),
    "access.request.refuse": lazy("Request refused"),
}
