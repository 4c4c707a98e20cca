"""Permissions of external bodies and filings, and who has them by default. None reaches across a link of guidance."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, Permission

BODY_READ = Permission("externals.body:read", lazy("See external bodies"))
BODY_UPDATE = Permission("externals.body:update", lazy("Keep the list of external bodies"))
BODY_EXPORT = Permission("externals.body:export", lazy("Export lists of external bodies"))
FILING_READ = Permission("externals.filing:read", lazy("See filings and replies"))
FILING_CREATE = Permission("externals.filing:create", lazy("Record filings"))
FILING_DECIDE = Permission("externals.filing:decide", lazy("Record replies to filings"))
FILING_EXPORT = Permission("externals.filing:export", lazy("Export lists of filings"))

PERMISSIONS = (BODY_READ, BODY_UPDATE, BODY_EXPORT, FILING_READ, FILING_CREATE, FILING_DECIDE, FILING_EXPORT)

BINDINGS = (
    Binding("org_admin", "externals.*"),
    Binding("secretary_general", "externals.*"),
    *(Binding("org_auditor", one.name) for one in (BODY_READ, BODY_EXPORT, FILING_READ, FILING_EXPORT)),
    *(Binding("branch_secretary", one.name) for one in (BODY_READ, FILING_READ)),
    *(Binding("section_head", one.name) for one in (BODY_READ, FILING_READ, FILING_CREATE)),
)
