"""Permissions of applications for administrator accounts, and who has them by default."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

READ = Permission("administrators.application:read", lazy("See applications for administrator accounts"))
CREATE = Permission("administrators.application:create", lazy("Apply for administrator accounts and invite to apply"))
DECIDE = Permission("administrators.application:decide", lazy("Decide applications of the organisations below"))
EXPORT = Permission("administrators.application:export", lazy("Export lists of applications"))

PERMISSIONS = (READ, CREATE, DECIDE, EXPORT)
BINDINGS = (
    *(Binding("org_admin", one.name) for one in PERMISSIONS),
    *(Binding(role, READ.name) for role in ("org_auditor", "branch_secretary", "secretary_general")),
    Binding("org_auditor", EXPORT.name),
)
