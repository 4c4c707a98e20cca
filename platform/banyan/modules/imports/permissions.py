"""Permissions of imports. What is imported asks for a permission of its own on top."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

IMPORT_READ = Permission("imports.import:read", lazy("See the record of imports"))
IMPORT_CREATE = Permission("imports.import:create", lazy("Import from files"))

PERMISSIONS = (IMPORT_READ, IMPORT_CREATE)
