"""Permissions of the audit log."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ENTRY_READ = Permission("audit.entry:read", lazy("See the audit log"))
ENTRY_EXPORT = Permission("audit.entry:export", lazy("Export the audit log"))
CHAIN_VERIFY = Permission("audit.chain:verify", lazy("Have the chain of the audit log verified"))

PERMISSIONS = (ENTRY_READ, ENTRY_EXPORT, CHAIN_VERIFY)
