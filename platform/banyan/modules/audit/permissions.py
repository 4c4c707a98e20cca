"""Permissions of the audit log."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ENTRY_READ = Permission("audit.entry:read", lazy("See the audit log"))

PERMISSIONS = (ENTRY_READ,)
