"""Permissions of accounts."""

from banyan.kernel.i18n import lazy
from banyan.kernel.values import Permission

ACCOUNT_READ = Permission("accounts.account:read", lazy("See accounts"))
ACCOUNT_CREATE = Permission("accounts.account:create", lazy("Issue registration codes"))
ACCOUNT_UPDATE = Permission("accounts.account:update", lazy("Edit, suspend and restore accounts"))
ACCOUNT_EXPORT = Permission("accounts.account:export", lazy("Export lists of accounts"))
SESSION_READ = Permission("accounts.session:read", lazy("See who is signed in"))
SESSION_END = Permission("accounts.session:end", lazy("Sign others out"))
SIGN_IN_READ = Permission("accounts.sign_in:read", lazy("See the log of sign-ins"))
SIGN_IN_EXPORT = Permission("accounts.sign_in:export", lazy("Export the log of sign-ins"))

TOKEN_READ = Permission("accounts.token:read", lazy("See API tokens"))
TOKEN_CREATE = Permission("accounts.token:create", lazy("Make service tokens"))
TOKEN_REVOKE = Permission("accounts.token:revoke", lazy("Revoke API tokens"))
TOKENS = (TOKEN_READ, TOKEN_CREATE, TOKEN_REVOKE)
SIGN_INS = (SESSION_READ, SESSION_END, SIGN_IN_READ, SIGN_IN_EXPORT)

PERMISSIONS = (ACCOUNT_READ, ACCOUNT_CREATE, ACCOUNT_UPDATE, ACCOUNT_EXPORT, *SIGN_INS, *TOKENS)
