"""Permissions of personal data, and who has them by default. None reaches across a link of guidance."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

LOOK_READ = Permission("privacy.look:read", lazy("See who looked at sensitive data, and why"))
LOOK_EXPORT = Permission("privacy.look:export", lazy("Export the list of looks at sensitive data"))
REQUEST_READ = Permission("privacy.request:read", lazy("See requests about personal data"))
REQUEST_CREATE = Permission("privacy.request:create", lazy("Ask for the erasure of somebody who left"))
REQUEST_DECIDE = Permission("privacy.request:decide", lazy("Decide requests for erasure"))
REQUEST_EXPORT = Permission("privacy.request:export", lazy("Export the list of requests about personal data"))
NOTICE_READ = Permission("privacy.notice:read", lazy("See privacy notices, consents and guardians"))
NOTICE_UPDATE = Permission("privacy.notice:update", lazy("Write privacy notices, record guardians’ consent"))
REGISTER_READ = Permission("privacy.register:read", lazy("See processors, impact assessments and breaches"))
REGISTER_UPDATE = Permission("privacy.register:update", lazy("Keep processors, impact assessments and breaches"))
REGISTER_EXPORT = Permission("privacy.register:export", lazy("Export registers of data protection"))

PERMISSIONS = (
    LOOK_READ,
    LOOK_EXPORT,
    REQUEST_READ,
    REQUEST_CREATE,
    REQUEST_DECIDE,
    REQUEST_EXPORT,
    NOTICE_READ,
    NOTICE_UPDATE,
    REGISTER_READ,
    REGISTER_UPDATE,
    REGISTER_EXPORT,
)
READING = (LOOK_READ, LOOK_EXPORT, REQUEST_READ, REQUEST_EXPORT, NOTICE_READ, REGISTER_READ, REGISTER_EXPORT)

BINDINGS = (
    *(Binding(role, "privacy.*") for role in ("org_admin", "secretary_general")),
    *(Binding("org_auditor", one.name) for one in READING),
    *(
        Binding("branch_secretary", one.name)
        for one in (LOOK_READ, REQUEST_READ, REQUEST_CREATE, REQUEST_DECIDE, NOTICE_READ, NOTICE_UPDATE)
    ),
)
