"""Permissions of the tree."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ORG_READ = Permission("tenancy.org:read", lazy("See organisations"), guidance=True)
ORG_CREATE = Permission("tenancy.org:create", lazy("Create organisations below"))
ORG_UPDATE = Permission("tenancy.org:update", lazy("Edit organisations"))
ORG_EXPORT = Permission("tenancy.org:export", lazy("Export lists of organisations"), guidance=True)
LINK_UPDATE = Permission("tenancy.link:update", lazy("Decide the kind of link between organisations"))
MODULE_READ = Permission("tenancy.module:read", lazy("See which modules are on"))
MODULE_UPDATE = Permission("tenancy.module:update", lazy("Switch modules on and off"))
MODULE_DECIDE = Permission("tenancy.module:decide", lazy("Lay down modules for the organisations below"))
SETTING_READ = Permission("tenancy.setting:read", lazy("See settings"))
SETTING_UPDATE = Permission("tenancy.setting:update", lazy("Lay down settings for the organisation and those below"))

PERMISSIONS = (
    *(ORG_READ, ORG_CREATE, ORG_UPDATE, ORG_EXPORT, LINK_UPDATE),
    *(MODULE_READ, MODULE_UPDATE, MODULE_DECIDE),
    *(SETTING_READ, SETTING_UPDATE),
)
