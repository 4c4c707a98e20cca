"""Permissions of the audit log."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ENTRY_READ = Permission("audit.entry:read", lazy("See the audit log"))
ENTRY_EXPORT = Permission("audit.entry:export", lazy("Export the audit log"))

PERMISSIONS = (ENTRY_READ, ENTRY_EXPORT)
