"""Permissions of accounts."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ACCOUNT_READ = Permission("accounts.account:read", lazy("See accounts"))
ACCOUNT_CREATE = Permission("accounts.account:create", lazy("Issue registration codes"))
ACCOUNT_UPDATE = Permission("accounts.account:update", lazy("Edit, suspend and restore accounts"))
ACCOUNT_EXPORT = Permission("accounts.account:export", lazy("Export lists of accounts"))

TOKEN_READ = Permission("accounts.token:read", lazy("See API tokens"))
TOKEN_CREATE = Permission("accounts.token:create", lazy("Make service tokens"))
TOKEN_REVOKE = Permission("accounts.token:revoke", lazy("Revoke API tokens"))
TOKENS = (TOKEN_READ, TOKEN_CREATE, TOKEN_REVOKE)

PERMISSIONS = (ACCOUNT_READ, ACCOUNT_CREATE, ACCOUNT_UPDATE, ACCOUNT_EXPORT, *TOKENS)
