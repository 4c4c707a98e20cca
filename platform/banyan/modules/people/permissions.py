"""Permissions of the registry of people, and who has them by default. None reaches across a link of guidance."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

MEMBER_READ = Permission("people.member:read", lazy("See members and their files"))
MEMBER_CREATE = Permission("people.member:create", lazy("Admit members"))
MEMBER_UPDATE = Permission("people.member:update", lazy("Edit records of members, note that they leave"))
MEMBER_EXPORT = Permission("people.member:export", lazy("Export lists of members"))
MEMBER_REVIEW = Permission("people.member:review", lazy("Review records of members"))
SENSITIVE_REVEAL = Permission("people.sensitive:reveal", lazy("Read document numbers, phones and addresses in clear"))
FIELD_UPDATE = Permission("people.field:update", lazy("Define an organisation's own fields of members"))
FILTER_CREATE = Permission("people.filter:create", lazy("Save filters of the list of members"))
ACCOUNT_CREATE = Permission("people.account:create", lazy("Open accounts for members"))
CAMPAIGN_READ = Permission("people.campaign:read", lazy("See clean-up campaigns"))
CAMPAIGN_UPDATE = Permission("people.campaign:update", lazy("Run clean-up campaigns"))
POST_UPDATE = Permission("people.post:update", lazy("Keep posts, awards, measures and certificates of members"))
PERSON_MERGE = Permission("people.person:merge", lazy("Put records of one person together"))

PERMISSIONS = (
    MEMBER_READ,
    MEMBER_CREATE,
    MEMBER_UPDATE,
    MEMBER_EXPORT,
    MEMBER_REVIEW,
    SENSITIVE_REVEAL,
    FIELD_UPDATE,
    FILTER_CREATE,
    ACCOUNT_CREATE,
    CAMPAIGN_READ,
    CAMPAIGN_UPDATE,
    POST_UPDATE,
    PERSON_MERGE,
)

BINDINGS = (
    *(Binding(role, "people.*") for role in ("org_admin", "branch_secretary", "secretary_general")),
    *(Binding("org_auditor", one.name) for one in (MEMBER_READ, MEMBER_EXPORT, CAMPAIGN_READ)),
    Binding("section_head", MEMBER_READ.name),
)
