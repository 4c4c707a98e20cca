"""Permissions of transfers, and who has them by default: branch secretaries answer for their branch."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

READ = Permission("transfers.transfer:read", lazy("See transfers"))
CREATE = Permission("transfers.transfer:create", lazy("Ask for transfers of members"))
DECIDE = Permission("transfers.transfer:decide", lazy("Decide on transfers, into and out of the organisation"))
EXPORT = Permission("transfers.transfer:export", lazy("Export lists of transfers"))

PERMISSIONS = (READ, CREATE, DECIDE, EXPORT)
_WORK = ("org_admin", "branch_secretary", "secretary_general")
BINDINGS = (
    *(Binding(role, READ.name) for role in (*_WORK, "org_auditor", "deputy_secretary_general", "section_head")),
    *(Binding(role, CREATE.name) for role in _WORK),
    *(Binding(role, DECIDE.name) for role in _WORK),
    *(Binding(role, EXPORT.name) for role in (*_WORK, "org_auditor")),
)
