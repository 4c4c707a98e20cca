"""Permissions of the guestbook and what built-in roles may do with them."""

from banyan.sdk import Binding, Permission, lazy

READ = Permission("guestbook.entry:read", lazy("Read the guestbook"))
CREATE = Permission("guestbook.entry:create", lazy("Write into the guestbook"))
APPROVE = Permission("guestbook.entry:approve", lazy("Agree to lines of thanks"))

PERMISSIONS = (READ, CREATE, APPROVE)
BINDINGS = (Binding("org_admin", "guestbook.*"), Binding("member", "guestbook.entry:read"))
