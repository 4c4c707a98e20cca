"""Who may, and what the audit log calls it. These names are kept for ever."""

from banyan.sdk import Binding, Permission, lazy

READ = Permission("sample.note:read", lazy("Read notes"))
CREATE = Permission("sample.note:create", lazy("Write notes"))
UPDATE = Permission("sample.note:update", lazy("Change notes"))
DELETE = Permission("sample.note:delete", lazy("Throw notes away"))

PERMISSIONS = (READ, CREATE, UPDATE, DELETE)
BINDINGS = (
    Binding("org_admin", "sample.*"),
    Binding("branch_secretary", "sample.*"),
    Binding("org_auditor", READ.name),
    Binding("member", READ.name),
)
ACTIONS = {
    "sample.note.create": lazy("Note written"),
    "sample.note.update": lazy("Note changed"),
    "sample.note.delete": lazy("Note thrown away"),
}
