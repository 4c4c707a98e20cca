"""Permissions about notices, and who has them by default. None reaches across a link of guidance."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

READ = Permission("notices.notice:read", lazy("See notices of the organisation and who has read them"))
CREATE = Permission("notices.notice:create", lazy("Write notices"))
PUBLISH = Permission("notices.notice:publish", lazy("Publish, withdraw and remind of notices"))
DECIDE = Permission("notices.notice:decide", lazy("Approve notices before they are published"))
EXPORT = Permission("notices.notice:export", lazy("Export lists of notices and of their readers"))
EMERGENCY = Permission("notices.emergency:create", lazy("Sound the alarm: tell everybody below at once, by SMS too"))
PERMISSIONS = (READ, CREATE, PUBLISH, DECIDE, EXPORT, EMERGENCY)
BINDINGS = (
    Binding("org_admin", "notices.*"),
    Binding("secretary_general", "notices.*"),
    *(Binding("branch_secretary", one.name) for one in (READ, CREATE, PUBLISH, EXPORT)),
    *(Binding("section_head", one.name) for one in (READ, CREATE)),
    *(Binding("org_auditor", one.name) for one in (READ, EXPORT)),
)
