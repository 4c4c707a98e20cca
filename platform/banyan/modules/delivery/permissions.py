"""Permissions about messages that went out, and where webhooks lead."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

MESSAGE_READ = Permission("delivery.message:read", lazy("See the log of messages"))
MESSAGE_EXPORT = Permission("delivery.message:export", lazy("Export the log of messages"))
WEBHOOK_READ = Permission("delivery.webhook:read", lazy("See where webhooks lead"))
WEBHOOK_UPDATE = Permission("delivery.webhook:update", lazy("Set up webhooks"))
PERMISSIONS = (MESSAGE_READ, MESSAGE_EXPORT, WEBHOOK_READ, WEBHOOK_UPDATE)
BINDINGS = (
    Binding("org_admin", "delivery.*"),
    Binding("secretary_general", "delivery.message:read"),
    Binding("org_auditor", "delivery.message:read"),
    Binding("org_auditor", "delivery.webhook:read"),
)
