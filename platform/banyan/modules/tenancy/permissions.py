"""Permissions of the tree."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ORG_READ = Permission("tenancy.org:read", lazy("See organisations"), guidance=True)
ORG_CREATE = Permission("tenancy.org:create", lazy("Create organisations below"))
ORG_UPDATE = Permission("tenancy.org:update", lazy("Edit organisations"))
ORG_EXPORT = Permission("tenancy.org:export", lazy("Export lists of organisations"), guidance=True)
ORG_RENAME = Permission("tenancy.org:rename", lazy("Rename organisations"))
ORG_MOVE = Permission("tenancy.org:move", lazy("Move organisations"))
ORG_MERGE = Permission("tenancy.org:merge", lazy("Merge organisations"))
ORG_SPLIT = Permission("tenancy.org:split", lazy("Split organisations"))
ORG_REVOKE = Permission("tenancy.org:revoke", lazy("Revoke organisations"))
LINK_UPDATE = Permission("tenancy.link:update", lazy("Decide the kind of link between organisations"))
MODULE_READ = Permission("tenancy.module:read", lazy("See which modules are on"))
MODULE_UPDATE = Permission("tenancy.module:update", lazy("Switch modules on and off"))
MODULE_DECIDE = Permission("tenancy.module:decide", lazy("Lay down modules for the organisations below"))
SETTING_READ = Permission("tenancy.setting:read", lazy("See settings"))
SETTING_UPDATE = Permission("tenancy.setting:update", lazy("Lay down settings for the organisation and those below"))

LIFE = (ORG_RENAME, ORG_MOVE, ORG_MERGE, ORG_SPLIT, ORG_REVOKE)
PERMISSIONS = (
    *(ORG_READ, ORG_CREATE, ORG_UPDATE, ORG_EXPORT, LINK_UPDATE),
    *LIFE,
    *(MODULE_READ, MODULE_UPDATE, MODULE_DECIDE),
    *(SETTING_READ, SETTING_UPDATE),
)
