"""Permissions of approvals, and who has them by default: everybody has an inbox."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission
from banyan.modules.access.permissions import ROLES

INBOX_READ = Permission("approvals.inbox:read", lazy("Use the inbox: decide what waits, follow what one asked for"))
REQUEST_READ = Permission("approvals.request:read", lazy("See requests, whoever made them"))
REQUEST_UPDATE = Permission("approvals.request:update", lazy("Correct and withdraw requests of colleagues"))
REQUEST_EXPORT = Permission("approvals.request:export", lazy("Export lists of requests"))

PERMISSIONS = (INBOX_READ, REQUEST_READ, REQUEST_UPDATE, REQUEST_EXPORT)
BINDINGS = (
    *(Binding(role.key, INBOX_READ.name) for role in ROLES),
    *(Binding(role, REQUEST_READ.name) for role in ("org_admin", "org_auditor", "secretary_general")),
    *(Binding(role, REQUEST_UPDATE.name) for role in ("org_admin", "secretary_general")),
    *(Binding(role, REQUEST_EXPORT.name) for role in ("org_admin", "org_auditor", "secretary_general")),
)
